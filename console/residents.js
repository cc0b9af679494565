// 居民: a CSV file is looked at whole, then imported. Which columns and encodings are understood, only the server knows.

import { $, call, element, guarded, say, table } from "./lib.js";

const PIECE = 256 * 1024; // of bytes; the server takes twice as many in one request
const ERRORS_SHOWN = 100;
const CR = 13, LF = 10, QUOTE = 34, BLANK = 32;
const DELIMITERS = [44, 59, 9]; // , ; tab

/* Where quotes are, as src/text/csv.c has it. In UTF-8 and GB18030 these bytes are never part of another character. */
function step(state, byte) {
  if (state === "quoted") return byte === QUOTE ? "quote seen" : "quoted";
  if (state === "quote seen" && byte === QUOTE) return "quoted";
  if (DELIMITERS.includes(byte)) return "cell";
  if (state === "cell" && byte === BLANK) return "cell";
  return state === "cell" && byte === QUOTE ? "quoted" : "plain";
}

/* The ends of rows: { at: behind the line break, line: number of the line that begins there }. */
function* rowEnds(bytes) {
  let state = "cell", line = 1, last = 0;
  for (let i = 0; i < bytes.length; i++) {
    if (bytes[i] !== CR && bytes[i] !== LF) {
      state = step(state, bytes[i]);
      continue;
    }
    if (bytes[i] === CR && bytes[i + 1] === LF) i++;
    line++;
    if (state === "quoted") continue;
    state = "cell";
    last = i + 1;
    yield { at: last, line };
  }
  if (last < bytes.length) yield { at: bytes.length, line };
}

const isBlank = (bytes) => bytes.every((b) => [BLANK, CR, LF, ...DELIMITERS, 0xEF, 0xBB, 0xBF].includes(b));

/* Pieces of the file, each with the header line before it: { bytes, line: where its first row stands }. */
function* pieces(bytes) {
  let header = null, begin = 0, line = 1, rows = false;
  const piece = (end) => {
    const out = new Uint8Array(header.length + end - begin);
    out.set(header);
    out.set(bytes.subarray(begin, end), header.length);
    return { bytes: out, line };
  };
  for (const end of rowEnds(bytes)) {
    if (header === null && isBlank(bytes.subarray(0, end.at))) continue;
    if (header === null) header = bytes.subarray(0, end.at);
    else if (end.at - begin < PIECE && end.at < bytes.length) continue;
    else {
      yield piece(end.at);
      rows = true;
    }
    begin = end.at;
    line = end.line;
  }
  if (header !== null && !rows) yield piece(begin);
}

/* All pieces one after the other; what they came to together. */
async function run(bytes, query) {
  const sum = { rows: 0, added: 0, changed: 0, kept: 0, duplicate: 0, errors: [] };
  for (const p of pieces(bytes)) {
    const one = await call("POST", `/api/v1/residents/import?${query}first_line=${p.line}`, p.bytes);
    for (const k of Object.keys(sum)) sum[k] = k === "errors" ? sum.errors.concat(one.errors) : sum[k] + one[k];
    say(`已读到第 ${p.line} 行之后……`);
  }
  say("");
  return sum;
}

function outcome(sum, would) {
  return element("p", { textContent: `共 ${sum.rows} 行：${would}新增 ${sum.added} 人，更改 ${sum.changed} 人，不变 ${sum.kept} 人，重复 ${sum.duplicate} 行。` });
}

/* Nothing is imported of a file with a bad row: it is mended first. */
function faults(errors) {
  return [element("p", { className: "bad", textContent: `有 ${errors.length} 行读不懂，什么都没有导入。请改正后再选一次文件。` }),
          table(["行", "列", "原因"], errors.slice(0, ERRORS_SHOWN).map((e) => [e.line, e.column, e.reason]))];
}

function forget() {
  $("import-send").hidden = true;
  $("import-preview").replaceChildren();
}

async function check() {
  forget();
  const file = $("import-file").files[0];
  const bytes = new Uint8Array(await file.arrayBuffer());
  const sum = await run(bytes, "dry=1&");
  $("import-preview").replaceChildren(...(sum.errors.length > 0 ? faults(sum.errors) : [outcome(sum, "将")]));
  $("import-send").hidden = sum.errors.length > 0 || sum.added + sum.changed === 0;
  $("import-send").onclick = guarded(async () => {
    $("import-send").disabled = true;
    try {
      const done = await run(bytes, "");
      $("import-form").reset();
      forget();
      $("import-preview").replaceChildren(outcome(done, "已"));
    } finally {
      $("import-send").disabled = false;
    }
  });
}

$("import-file").addEventListener("change", forget);
$("import-form").addEventListener("submit", guarded(async (event) => {
  event.preventDefault();
  await check();
}));
