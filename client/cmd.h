/* What the verbs do: one function per row of verbs.c; each returns an exit status and has printed its message. */
#ifndef CLIENT_CMD_H
#define CLIENT_CMD_H

#include "client/args.h"

int cmd_send_run(struct cli *c, const struct args *a);
int cmd_send_alert(struct cli *c, const struct args *a);
int cmd_send_clear(struct cli *c, const struct args *a);
int cmd_alert_inspect(struct cli *c, const struct args *a);
int cmd_alert_intake(struct cli *c, const struct args *a);
int cmd_alert_list(struct cli *c, const struct args *a);
int cmd_alert_show(struct cli *c, const struct args *a);

int cmd_notice_list(struct cli *c, const struct args *a);
int cmd_schedule_run(struct cli *c, const struct args *a);
int cmd_plan_list(struct cli *c, const struct args *a);
int cmd_plan_show(struct cli *c, const struct args *a);
int cmd_plan_cancel(struct cli *c, const struct args *a);
int cmd_notice_scheduled(struct cli *c, const struct args *a);
int cmd_notice_show(struct cli *c, const struct args *a);
int cmd_notice_recipients(struct cli *c, const struct args *a);
int cmd_notice_answers(struct cli *c, const struct args *a);
int cmd_notice_pause(struct cli *c, const struct args *a);
int cmd_notice_resume(struct cli *c, const struct args *a);
int cmd_notice_cancel(struct cli *c, const struct args *a);
int cmd_notice_approve(struct cli *c, const struct args *a);
int cmd_notice_redrive(struct cli *c, const struct args *a);

int cmd_activity_add(struct cli *c, const struct args *a);
int cmd_activity_list(struct cli *c, const struct args *a);
int cmd_activity_show(struct cli *c, const struct args *a);
int cmd_activity_open(struct cli *c, const struct args *a);
int cmd_activity_close(struct cli *c, const struct args *a);
int cmd_activity_change(struct cli *c, const struct args *a);
int cmd_activity_cancel(struct cli *c, const struct args *a);
int cmd_activity_roster(struct cli *c, const struct args *a);
int cmd_activity_checkin(struct cli *c, const struct args *a);
int cmd_activity_export(struct cli *c, const struct args *a);

int cmd_resident_import(struct cli *c, const struct args *a);
int cmd_resident_export(struct cli *c, const struct args *a);
int cmd_resident_list(struct cli *c, const struct args *a);
int cmd_resident_show(struct cli *c, const struct args *a);
int cmd_resident_erase(struct cli *c, const struct args *a);
int cmd_resident_merge(struct cli *c, const struct args *a);

int cmd_inbox_list(struct cli *c, const struct args *a);
int cmd_inbox_show(struct cli *c, const struct args *a);
int cmd_inbox_answer(struct cli *c, const struct args *a);
int cmd_rejected_list(struct cli *c, const struct args *a);
int cmd_rejected_retry(struct cli *c, const struct args *a);
int cmd_rejected_dismiss(struct cli *c, const struct args *a);
int cmd_reply_explain(struct cli *c, const struct args *a);
int cmd_text_measure(struct cli *c, const struct args *a);
int cmd_text_lint(struct cli *c, const struct args *a);
int cmd_calendar_resolve(struct cli *c, const struct args *a);

int cmd_provider_list(struct cli *c, const struct args *a);
int cmd_provider_test(struct cli *c, const struct args *a);
int cmd_provider_pause(struct cli *c, const struct args *a);
int cmd_provider_resume(struct cli *c, const struct args *a);
int cmd_status_run(struct cli *c, const struct args *a);
int cmd_doctor_run(struct cli *c, const struct args *a);
int cmd_key_add(struct cli *c, const struct args *a);
int cmd_key_revoke(struct cli *c, const struct args *a);
int cmd_key_list(struct cli *c, const struct args *a);
int cmd_audit_list(struct cli *c, const struct args *a);

#endif
