// Calls a program that datacc built, in Node, browsers and workers. Free for any use: 0BSD.

const ARRAYS = { float32: Float32Array, uint8: Uint8Array, int8: Int8Array, int16: Int16Array, int32: Int32Array };
const RANGES = { uint8: [0, 255], int8: [-128, 127], int16: [-32768, 32767], int32: [-2147483648, 2147483647] };
const ROWS = 64; // that one call answers
const ALIGN = 64; // bytes

/** A loaded program: `inputs` and `answers` are ports {name, dtype, count, offset, columns, longer}, sizes are of structs. */
export class Program {
  constructor(module, name, { inputs, inputBytes, answers, answerBytes, stateBytes }) {
    const { exports } = new WebAssembly.Instance(module);
    this.batch = exports[`${name}_batch`];
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

  /** The answers to rows, which go on with a stream; each row is a list of values, one for each input. */
  run(rows, stream = this.stream()) {
    const found = [];
    const states = this.stateBytes ? [this.state] : [];
    for (let first = 0; first < rows.length; first += ROWS) {
      const some = rows.slice(first, first + ROWS);
      some.forEach((row, i) => this.inputs.forEach((port, k) => this.put(port, row[k], this.from + i * this.inputBytes)));
      const memory = new Uint8Array(this.memory.buffer, this.state, this.stateBytes);
      memory.set(stream);
      this.batch(this.from, this.to, some.length, ...states, this.scratch);
      stream.set(memory);
      for (let i = 0; i < some.length; i++) found.push(this.answers.map((port) => this.get(port, this.to + i * this.answerBytes)));
    }
    return found;
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
  if (!ArrayBuffer.isView(numbers) && !Array.isArray(numbers)) throw new TypeError(`${port.name}: a list of numbers is expected`);
  if (numbers.length !== port.count) throw new RangeError(`${port.name} has ${numbers.length} numbers; the program takes ${port.count}`);
  if (!(numbers instanceof ARRAYS[port.dtype])) numbers.forEach((number) => check(port, number));
  return numbers;
}

/** UTF-8 of the composed form, zeros behind it; what is no Unicode becomes U+FFFD. */
function bytesOf(port, value) {
  const text = typeof value === "string" ? value : new TextDecoder("utf-8", { ignoreBOM: true }).decode(value);
  const bytes = new TextEncoder().encode(text.normalize("NFC"));
  let end = port.count;
  if (bytes.length > end) {
    if (port.longer === "refuse") throw new RangeError(`${port.name} has ${bytes.length} bytes of text; the program takes ${end}`);
    while (end && (bytes[end] & 0xc0) === 0x80) end--; // within a character
  }
  const row = new Uint8Array(port.count);
  row.set(bytes.subarray(0, end));
  return row;
}

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
