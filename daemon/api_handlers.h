/* The handlers of the route table: each answers its call exactly once, now or later. */
#ifndef DAEMON_API_HANDLERS_H
#define DAEMON_API_HANDLERS_H

struct api_call;

void api_submit_run(struct api_call *c);
void api_notices_list(struct api_call *c);
void api_notices_show(struct api_call *c);
void api_notices_recipients(struct api_call *c);
void api_answers_list(struct api_call *c);
void api_notices_pause(struct api_call *c);
void api_notices_resume(struct api_call *c);
void api_notices_cancel(struct api_call *c);
void api_notices_approve(struct api_call *c);
void api_notices_redrive(struct api_call *c);

void api_plans_list(struct api_call *c);
void api_plans_show(struct api_call *c);
void api_plans_cancel(struct api_call *c);

void api_alerts_submit(struct api_call *c);
void api_alerts_list(struct api_call *c);

void api_activities_create(struct api_call *c);
void api_activities_list(struct api_call *c);
void api_activities_show(struct api_call *c);
void api_activities_open(struct api_call *c);
void api_activities_close(struct api_call *c);
void api_activities_change(struct api_call *c);
void api_activities_cancel(struct api_call *c);
void api_roster_list(struct api_call *c);
void api_roster_checkin(struct api_call *c);
void api_roster_export(struct api_call *c);

void api_import_run(struct api_call *c);
void api_residents_list(struct api_call *c);
void api_residents_show(struct api_call *c);
void api_residents_export(struct api_call *c);
void api_residents_erase(struct api_call *c);
void api_residents_merge(struct api_call *c);
void api_duplicates_list(struct api_call *c);

void api_replies_inbox(struct api_call *c);
void api_replies_inbox_show(struct api_call *c);
void api_replies_inbox_answer(struct api_call *c);
void api_replies_rejected(struct api_call *c);
void api_replies_rejected_retry(struct api_call *c);
void api_replies_rejected_dismiss(struct api_call *c);
void api_replies_explain(struct api_call *c);

void api_providers_list(struct api_call *c);
void api_providers_test(struct api_call *c);
void api_providers_pause(struct api_call *c);
void api_providers_resume(struct api_call *c);
void api_sandbox_phones(struct api_call *c);
void api_sandbox_phone(struct api_call *c);
void api_sandbox_text(struct api_call *c);

void api_doctor_acknowledge(struct api_call *c);
void api_status_show(struct api_call *c);
void api_status_ready(struct api_call *c);
void api_status_health(struct api_call *c);
void api_status_metrics(struct api_call *c);
void api_status_events(struct api_call *c);

void api_keys_list(struct api_call *c);
void api_keys_add(struct api_call *c);
void api_keys_revoke(struct api_call *c);
void api_keys_audit(struct api_call *c);

void api_hooks_in(struct api_call *c);
void api_console_file(struct api_call *c);

#endif
