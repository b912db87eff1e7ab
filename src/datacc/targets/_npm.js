// Calls a program that datacc built, in Node, browsers and workers. Free for any use: 0BSD.

const ARRAYS = { float32: Float32Array, uint8: Uint8Array, int8: Int8Array, int16: Int16Array, int32: Int32Array };
const RANGES = { uint8: [0, 255], int8: [-128, 127], int16: [-32768, 32767], int32: [-2147483648, 2147483647] };
const ROWS = 64; // that one call answers
const ALIGN = 64; // bytes

/** A loaded program: `inputs` and `answers` are ports {name, dtype, count, offset, columns, cells, longer}, sizes are of structs. */
export class Program {
  constructor(module, name, { inputs, inputBytes, answers, answerBytes, stateBytes, widths = [] }) {
    const { exports } = new WebAssembly.Instance(module);
    this.name = name;
    this.widths = widths;
    this.whole = exports[`${name}_batch`];
    this.at = exports[`${name}_at_batch`];
    this.memory = exports.memory;
    this.inputs = inputs;
    this.answers = answers;
    this.inputBytes = inputBytes;
    this.answerBytes = answerBytes;
    this.stateBytes = stateBytes;
    const scratch = new DataView(this.memory.buffer).getUint32(exports[`${name}_scratch_bytes`].value, true);
    this.from = aligned(exports.__heap_base.value);
    this.to = aligned(this.from + ROWS * inputBytes);
    this.state = aligned(this.to + ROWS * answerBytes);
    this.scratch = aligned(this.state + stateBytes);
    const missing = this.scratch + scratch - this.memory.buffer.byteLength;
    if (missing > 0) this.memory.grow(Math.ceil(missing / 65536));
  }

  /** What a stream has left so far: nothing. */
  stream() {
    return new Uint8Array(this.stateBytes);
  }

  /** The function that answers at one of the widths, if there are several. */
  batch(width) {
    if (!this.widths.length) return this.whole;
    const place = this.widths.indexOf(width);
    if (place < 0) throw new RangeError(`${this.name} has no width ${width}; it has ${this.widths.join(", ")}`);
    return (...memory) => this.at(place, ...memory);
  }

  /** The answers to rows, which go on with a stream; each row is a list of values, one for each input. */
  run(rows, { stream = this.stream(), width = 1 } = {}) {
    const batch = this.batch(width);
    const found = [];
    const states = this.stateBytes ? [this.state] : [];
    for (let first = 0; first < rows.length; first += ROWS) {
      const some = rows.slice(first, first + ROWS);
      some.forEach((row, i) => this.inputs.forEach((port, k) => this.put(port, row[k], this.from + i * this.inputBytes)));
      const memory = new Uint8Array(this.memory.buffer, this.state, this.stateBytes);
      memory.set(stream);
      batch(this.from, this.to, some.length, ...states, this.scratch);
      stream.set(memory);
      for (let i = 0; i < some.length; i++) found.push(this.answers.map((port) => this.get(port, this.to + i * this.answerBytes)));
    }
    return found;
  }

  /** The row that answers one text, of those to its windows; the numbers say where label, confidence and scores stand. */
  ofWindows(value, label, confidence, scores) {
    const [port] = this.inputs;
    const isText = typeof value === "string" || value instanceof Uint8Array;
    const rows = this.run((isText ? windows(utf8(value), port.count) : [value]).map((one) => [one]));
    return rows.length === 1 ? rows[0] : joined(rows, label, confidence, scores);
  }

  put(port, value, row) {
    new ARRAYS[port.dtype](this.memory.buffer, row + port.offset, port.count).set(elements(port, value));
  }

  get(port, row) {
    return new ARRAYS[port.dtype](this.memory.buffer, row + port.offset, port.count).slice();
  }
}

/** Rows from one list for each input. */
export function together(lists) {
  const columns = lists.map((list) => Array.from(list));
  if (columns.some((column) => column.length !== columns[0].length)) {
    throw new RangeError(`the inputs have different numbers of rows: ${columns.map((column) => column.length).join(", ")}`);
  }
  return columns[0].map((_, i) => columns.map((column) => column[i]));
}

function aligned(address) {
  return Math.ceil(address / ALIGN) * ALIGN;
}

/** The numbers of one value, checked: a typed array, nested lists, or an object by column name. */
function elements(port, value) {
  if (port.longer && (typeof value === "string" || value instanceof Uint8Array)) return bytesOf(port, value);
  let numbers = value;
  if (value instanceof ArrayBuffer) numbers = new ARRAYS[port.dtype](value);
  else if (Array.isArray(value)) numbers = value.flat(Infinity);
  else if (port.columns && value && typeof value === "object" && !ArrayBuffer.isView(value)) numbers = byColumn(port, value);
  if (port.cells && Array.isArray(numbers)) numbers = ofCells(port, numbers);
  if (!ArrayBuffer.isView(numbers) && !Array.isArray(numbers)) throw new TypeError(`${port.name}: a list of numbers is expected`);
  if (numbers.length !== port.count) throw new RangeError(`${port.name} has ${numbers.length} numbers; the program takes ${port.count}`);
  if (!(numbers instanceof ARRAYS[port.dtype])) numbers.forEach((number) => check(port, number));
  return numbers;
}

/** UTF-8 of the composed form; what is no Unicode becomes U+FFFD. */
function utf8(value) {
  const text = typeof value === "string" ? value : new TextDecoder("utf-8", { ignoreBOM: true }).decode(value);
  return new TextEncoder().encode(text.normalize("NFC"));
}

const isWithin = (bytes, place) => (bytes[place] & 0xc0) === 0x80; // a character

/** The windows of UTF-8, as in Python: pieces of at most `length` bytes that overlap by half, of whole characters. */
function windows(bytes, length) {
  const last = bytes.length - length;
  if (last <= 0) return [bytes];
  const starts = [];
  for (let at = 0; at < last; at += Math.floor(length / 2)) starts.push(at);
  return [...starts, last].map((at) => {
    let [start, end] = [at, at + length];
    while (start < bytes.length && isWithin(bytes, start)) start++;
    while (end < bytes.length && isWithin(bytes, end)) end--;
    return bytes.subarray(start, end);
  });
}

/** One row of those to all windows: means of the scores, added in order; the first class with the largest. */
function joined(rows, label, confidence, scores) {
  const totals = new Float64Array(rows[0][scores].length);
  for (const row of rows) row[scores].forEach((score, i) => (totals[i] += score));
  const means = totals.map((total) => total / rows.length);
  const best = means.reduce((most, mean) => Math.max(most, mean));
  const whole = [...rows[0]];
  whole[label] = [means.indexOf(best)];
  whole[confidence] = [best];
  whole[scores] = means;
  return whole;
}

/** The bytes of a text as the program takes them, zeros behind it. */
function bytesOf(port, value) {
  const bytes = utf8(value);
  let end = port.count;
  if (bytes.length > end) {
    if (port.longer === "refuse") throw new RangeError(`${port.name} has ${bytes.length} bytes of text; the program takes ${end}`);
    while (end && (bytes[end] & 0xc0) === 0x80) end--; // within a character
  }
  const row = new Uint8Array(port.count);
  row.set(bytes.subarray(0, end));
  return row;
}

/** The numbers that stand for the cells of a record; the same words as in Python. */
function ofCells(port, cells) {
  if (cells.length !== port.count) throw new RangeError(`${port.name} has ${cells.length} cells; the program takes ${port.count}`);
  return Float32Array.from(cells, (cell, i) => {
    const [kind, values, gaps] = port.cells[i];
    const found = CELLS[kind](cell, values);
    const why = typeof found === "number" ? "" : found === undefined ? "is missing" : found;
    if (!why || (found === undefined && gaps)) return why ? NaN : found;
    throw new TypeError(`${port.name}: column ${JSON.stringify(port.columns[i])} ${why}`);
  });
}

const SPACE = /^[ \t\n\r\f\v]+|[ \t\n\r\f\v]+$/g;
const NOTHING = new Set(["", "na", "n/a", "nan", "null", "none", "?"]);
const NUMBER = /^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$/;
const DATE = /^(\d{4})-(\d\d)-(\d\d)(?:[T ](\d\d):(\d\d)(?::(\d\d(?:\.\d{1,9})?))?(Z|[+-]\d\d:?\d\d)?)?$/;
const DAY = 86400000; // milliseconds
const DAY_ONE = 10957; // 2000-01-01 among the days since 1970
const stripped = (text) => text.replace(SPACE, "");
const isMissing = (cell) =>
  cell === null || cell === undefined || (typeof cell === "string" ? NOTHING.has(stripped(cell).toLowerCase()) : Number.isNaN(cell));
const asValue = (cell) => (typeof cell === "string" ? stripped(cell) : isMissing(cell) ? "" : String(cell));

/** Each gives a number, or says why there is none; nothing for what is missing. */
const CELLS = {
  category: (cell, values) => values.indexOf(asValue(cell)),
  order: (cell, values) => (values.includes(asValue(cell)) ? values.indexOf(asValue(cell)) : NaN),
  boolean(cell) {
    if (isMissing(cell)) return undefined;
    const word = asValue(cell).toLowerCase();
    if (["true", "t", "yes", "y", "1"].includes(word)) return 1;
    return ["false", "f", "no", "n", "0"].includes(word) ? 0 : "is neither true nor false";
  },
  number(cell) {
    if (isMissing(cell)) return undefined;
    const text = typeof cell === "string" ? stripped(cell) : "";
    const value = typeof cell === "string" ? (NUMBER.test(text) ? Number(text) : NaN) : Number(cell);
    if (Number.isNaN(value) || typeof cell === "object") return "is no number";
    return Math.abs(value) <= 3.4028235e38 ? value : "is no finite float32";
  },
  date(cell) {
    if (isMissing(cell)) return undefined;
    const wrong = "is no date like 2021-04-30 or 2021-04-30T16:05";
    if (cell instanceof Date) return Number.isNaN(cell.getTime()) ? wrong : cell.getTime() / DAY - DAY_ONE;
    const found = typeof cell === "string" ? DATE.exec(stripped(cell)) : null;
    if (!found) return wrong;
    const [year, month, day, h, m] = found.slice(1, 6).map((part) => Number(part ?? 0));
    const s = Number(found[6] ?? 0);
    const date = new Date(0);
    date.setUTCFullYear(year, month - 1, day);
    const isDay = year > 0 && date.getUTCMonth() === month - 1 && date.getUTCDate() === day;
    if (!isDay || h > 23 || m > 59 || s >= 61) return wrong;
    const zone = found[7] && found[7] !== "Z" ? found[7] : "";
    const away = zone ? (60 * Number(zone.slice(1, 3)) + Number(zone.slice(-2))) * (zone[0] === "-" ? -1 : 1) : 0;
    return date.getTime() / DAY - DAY_ONE + ((60 * h + m - away) / 1440 + s / 86400);
  },
};

function byColumn(port, value) {
  const missing = port.columns.find((column) => !Object.hasOwn(value, column));
  if (missing !== undefined) throw new TypeError(`${port.name}: there is no column ${JSON.stringify(missing)}`);
  return port.columns.map((column) => value[column]);
}

function check(port, number) {
  if (typeof number !== "number") throw new TypeError(`${port.name}: ${typeof number} where a number is expected`);
  const range = RANGES[port.dtype];
  if (range && !(Number.isInteger(number) && number >= range[0] && number <= range[1])) {
    throw new RangeError(`${port.name}: ${number} is no ${port.dtype}`);
  }
}

/** The bytes of a file beside this module: from the disk in Node, else fetched. */
export async function compiled(url) {
  if (url.protocol === "file:" && globalThis.process?.versions?.node) {
    const { readFile } = await import("node:fs/promises");
    return WebAssembly.compile(await readFile(url));
  }
  const answer = await fetch(url);
  if (!answer.ok) throw new Error(`${url}: ${answer.status}`);
  return WebAssembly.compile(await answer.arrayBuffer());
}
