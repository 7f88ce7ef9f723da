// Reads what `pellucid export MODEL --json model.json` writes, in a browser or in node:
//   const model = pellucid.load(JSON.parse(text));
//   pellucid.predict(model, { age: 39, job: "clerk" })   // { label, probabilities } or { numbers }
// A row is an object, or an array in the order of the columns, of numbers or text of them, texts,
// and dates as days since 1970; null or NaN is a missing value. What is wrong is an Error.
(function (root) {
"use strict";

const sigmoid = (z) => (z < 0 ? Math.exp(z) / (1 + Math.exp(z)) : 1 / (1 + Math.exp(-z)));
const softplus = (z) => Math.max(z, 0) + Math.log1p(Math.exp(-Math.abs(z)));
const elu = (z, alpha = 1) => (z > 0 ? z : alpha * Math.expm1(z));
const clip = (x, low, high) => Math.min(Math.max(x, low ?? -Infinity), high ?? Infinity);

function erf(x) {
  if (Math.abs(x) > 6) return Math.sign(x); // its series has the sign of x in every term
  let term = (2 / Math.sqrt(Math.PI)) * x * Math.exp(-x * x), sum = 0;
  for (let n = 0; n < 200; n++, term *= (2 * x * x) / (2 * n + 1)) sum += term;
  return sum;
}

const ACTIVATIONS = {
  identity: (z) => z, sigmoid, tanh: Math.tanh, relu: (z) => Math.max(z, 0), elu,
  leaky_relu: (z) => (z > 0 ? z : 0.01 * z), exp: Math.exp, softplus,
  selu: (z) => 1.0507009873554805 * elu(z, 1.6732632423543772),
  gelu: (z) => 0.5 * z * (1 + erf(z / Math.SQRT2)),
  swish: (z) => z * sigmoid(z), mish: (z) => z * Math.tanh(softplus(z)),
};

function softmax(z) {
  const top = Math.max(...z), e = z.map((value) => Math.exp(value - top));
  const sum = e.reduce((a, b) => a + b);
  return e.map((value) => value / sum);
}

const PARTS = {
  "year": (days) => new Date(Math.floor(days) * 864e5).getUTCFullYear(),
  "month": (days) => new Date(Math.floor(days) * 864e5).getUTCMonth() + 1,
  "day of week": (days) => (((Math.floor(days) + 3) % 7) + 7) % 7,
  "hour": (days) => (days - Math.floor(days)) * 24,
  "days elapsed": (days) => days,
};

function load(program) {
  if (program.pellucid_program !== 1) throw new Error("not a program of version 1");
  const round = program.dtype === "float32" ? Math.fround : (x) => x;
  const codes = program.columns.map(({ levels = [], same = {} }) =>
    new Map([...levels.map((level, code) => [level, code]), ...Object.entries(same)]));
  const networks = program.networks.map((layers) => layers.map(({ activation, W, b }) =>
    ({ activation, W: W.map((row) => row.map(round)), b: b.map(round) })));
  const cells = program.cells.map(([i, low, slope]) => [i, round(low), round(slope)]);
  return { ...program, cells, codes, networks, round };
}

// --- reading a row

const MISSING = ["", "?", "NA", "N/A", "NaN", "nan", "null", "NULL", "None", "-"];
const DIGITS = /^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$/;
const shown = (value) => (typeof value === "string" ? `'${value}'` : String(value));

function valueOf(model, row, i) {
  const column = model.columns[i], { name, levels = [] } = column;
  const key = Array.isArray(row) ? i : name;
  if (!Object.hasOwn(row, key) || row[key] === undefined) {
    throw new Error(`there is no column '${name}'`);
  }
  if (column.kind !== "category") return numberOf(column, row[key]);
  const text = row[key] === null ? "" : String(row[key]).trim();
  return text === "" ? levels.length : model.codes[i].get(text) ?? levels.length + 1;
}

function numberOf({ name, kind, gaps = true, boolean = false, lenient = false }, given) {
  const text = typeof given === "string" ? given.trim() : null;
  if (gaps && (given === null || Number.isNaN(given) || MISSING.includes(text))) return NaN;
  let value = ["number", "boolean"].includes(typeof given) ? Number(given) : NaN;
  if (kind === "date") value = typeof given === "number" ? given : NaN;
  else if (text !== null && DIGITS.test(text)) value = Number(text);
  else if (boolean && /^(true|false)$/i.test(text)) value = Number(text.toLowerCase() === "true");
  if (Number.isFinite(value)) return value;
  if (lenient && text !== null) return NaN;
  const wanted = boolean ? "true or false, 1 or 0" : "a number";
  throw new Error(`column '${name}' is ${shown(given)}: expected ${
    kind === "date" ? "a date, as days since the beginning of 1970" : wanted}`);
}

function inputs(model, row) {
  const n = model.columns.length;
  if (row === null || typeof row !== "object") {
    throw new Error(`the row is ${shown(row)}: expected an object, or an array of ${n} values`);
  }
  if (Array.isArray(row) && row.length !== n) {
    throw new Error(`the row has ${row.length} values: expected ${n}`);
  }
  const x = model.columns.map((_, i) => valueOf(model, row, i));
  const z = model.numbers.map((number) => {
    const { column, part, shift = 0, factor = 1, limit = 0, absent = 0, by_code } = number;
    if (by_code) return by_code[x[column]];
    if (Number.isNaN(x[column])) return absent;
    const scaled = ((part ? PARTS[part](x[column]) : x[column]) - shift) * factor;
    return limit ? scaled / Math.hypot(1, scaled / limit) : scaled;
  }).map(model.round);
  const marks = model.marked.map((i) => (Number.isNaN(x[i]) ? 1 : 0));
  const { round } = model; // steep cells make much of the last digits
  const cells = model.cells.map(([i, low, slope]) =>
    clip(round(round(z[i] - low) * slope), 0, 1));
  const levels = model.categories.flatMap(([i, marksMissing]) =>
    Array.from({ length: (model.columns[i].levels ?? []).length + marksMissing },
      (_, code) => (x[i] === code ? 1 : 0)));
  return [...z, ...marks, ...cells, ...levels].map(round);
}

// --- what comes of it

function outputs(layers, x) {
  for (const { W, b, activation } of layers) {
    const z = b.slice();
    W.forEach((weights, i) => weights.forEach((w, j) => { z[j] += x[i] * w; }));
    x = activation === "softmax" ? softmax(z) : z.map((value) => ACTIVATIONS[activation](value));
  }
  return x;
}

function answerOf({ kind, labels, smoothing, floor, scale, shift, low, high }, a) {
  if (kind === "numbers") return a.map((x, j) => clip(x, low, high) * scale[j] + shift[j]);
  const k = labels.length, p = a.length === 1 ? [1 - a[0], a[0]] : a;
  const kept = smoothing ? p.map((x) => Math.max(x - smoothing / k, 0)) : p;
  const sum = smoothing ? kept.reduce((x, y) => x + y) : 1;
  return kept.map((x) => (1 - k * floor) * (x / sum) + floor);
}

function predict(model, row) {
  const x = inputs(model, row);
  const each = model.networks.map((layers) => answerOf(model.answer, outputs(layers, x)));
  const mean = each[0].map((_, j) => each.reduce((sum, one) => sum + one[j], 0) / each.length);
  if (model.answer.kind === "numbers") return { numbers: mean };
  return { label: model.answer.labels[mean.indexOf(Math.max(...mean))], probabilities: mean };
}

if (typeof module === "object" && module.exports) module.exports = { load, predict };
else root.pellucid = { load, predict };
})(typeof globalThis === "undefined" ? this : globalThis);
