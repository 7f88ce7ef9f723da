// Curves over epochs, of training and of test; the numbers under the pointer are read out.
import { distinct, drawing, roundStep, short, ticks, unpacked } from "pellucid-studio";

const LEFT = 46, BOTTOM = 20, TOP = 20, RIGHT = 14, NAMES = 74, HIGH = 13;  // of names: the least room, and the height of each
const GAP = 0.02;  // of the axis: points further apart are drawn, for what lies between is not known
const DASHES = [[], [7, 4], [2, 3], [10, 3, 2, 3]];

/** The ends of the axis of values, and the round numbers on it: both ends are among them. */
function axisOf({ lines, log, range }, height) {
  const many = Math.max(height / 50, 2);
  if (range) return { range, marks: ticks(...range, many) };
  let low = Infinity, high = -Infinity;
  for (const line of lines)
    for (const value of line)
      if (Number.isFinite(value) && (!log || value > 0)) {
        low = Math.min(low, value);
        high = Math.max(high, value);
      }
  if (low > high) [low, high] = log ? [0.1, 1] : [0, 1];
  if (log) {
    const a = Math.floor(Math.log10(low)), b = Math.max(Math.ceil(Math.log10(high) - 1e-9), a + 1);
    const step = Math.ceil((b - a) / Math.min(many, 4)), marks = [];
    for (let power = a; power < b + step; power += step) marks.push(10 ** power);
    return { range: [marks[0], marks[marks.length - 1]], marks };
  }
  [low, high] = [Math.min(low, 0), Math.max(high, 0) || 1];
  const step = roundStep(high - low, many), marks = [];
  for (let i = Math.floor(low / step + 1e-9); (i - 1) * step < high * (1 - 1e-9); i++)
    marks.push(Number((i * step).toPrecision(12)));
  return { range: [marks[0], marks[marks.length - 1]], marks };
}

function scaleOf([low, high], log, from, to) {
  const at = log ? Math.log10 : (x) => x;
  const [a, b] = [at(low), at(high)];
  return (x) => from + ((at(Math.max(x, log ? low : -Infinity)) - a) / (b - a || 1)) * (to - from);
}

/** Where to write names beside their lines' ends: none over another. */
function apart(places, low, high, size) {
  const order = places.map((_, i) => i).sort((a, b) => places[a] - places[b]);
  const step = Math.min(size, (high - low) / Math.max(places.length - 1, 1)), at = [...places];
  let before = -Infinity;
  for (const i of order) before = at[i] = Math.max(at[i], before + step, low);
  let after = high + step;
  for (const i of order.reverse()) after = at[i] = Math.min(at[i], after - step);
  return at;
}

/** The index of what is nearest, in ascending numbers. */
function nearestOf(epochs, looked) {
  let nearest = 0;
  for (let i = 1; i < epochs.length; i++)
    if (Math.abs(epochs[i] - looked) <= Math.abs(epochs[nearest] - looked)) nearest = i;
  return nearest;
}

export default drawing({
  unpack: (payload) => ({
    ...payload,
    epochs: payload.epochs.map(unpacked),
    lines: payload.lines.map(unpacked),
  }),
  point({ x, kind, state, repaint }) {
    state.x = kind === "leave" ? null : x;
    repaint();
  },
  paint({ context, width, height, payload, colours, state }) {
    if (!payload) return;
    const { epochs, lines, log, at, names, percent, looks } = payload;
    const runs = Boolean(looks);  // that are named at their ends; the one under way looks as -1
    const room = Math.min(Math.max(width / 4, NAMES), 2 * NAMES), right = runs ? room : RIGHT;
    const box = { left: LEFT, top: TOP, width: width - LEFT - right, height: height - TOP - BOTTOM };
    const { range, marks } = axisOf(payload, box.height);
    const last = Math.max(...epochs.map((each) => each[each.length - 1]), 1);
    const toX = (epoch) => box.left + (epoch / last) * box.width;
    const toY = scaleOf(range, log, box.top + box.height, box.top);
    const shown = (value) => (percent ? `${short(100 * value)} %` : short(value));
    context.lineWidth = 1;
    context.textBaseline = "middle";
    context.textAlign = "right";
    for (const value of marks) {
      const y = Math.round(toY(value)) + 0.5;
      context.strokeStyle = colours.line;
      context.beginPath();
      context.moveTo(box.left, y);
      context.lineTo(box.left + box.width, y);
      context.stroke();
      context.fillStyle = colours.muted;
      context.fillText(shown(value), box.left - 6, y);
    }
    context.textBaseline = "bottom";
    context.textAlign = "center";
    for (const epoch of ticks(0, last, Math.max(box.width / 80, 2)))
      if (Number.isInteger(epoch)) context.fillText(short(epoch), Math.min(toX(epoch), width - 16), height - 1);
    const pointed = state.x === null || state.x === undefined ? null : ((state.x - box.left) / box.width) * last;
    const looked = pointed ?? at ?? last;
    const nearest = epochs.map((each) => nearestOf(each, looked));
    const told = epochs[0][nearest[0]];
    if (pointed !== null || (at !== null && at !== undefined)) {
      context.strokeStyle = colours.muted;
      context.beginPath();
      context.moveTo(toX(told), box.top);
      context.lineTo(toX(told), box.top + box.height);
      context.stroke();
    }
    const colourOf = (k) => (looks?.[k] < 0 ? colours.ink : colours.series[(looks?.[k] ?? k) % colours.series.length]);
    const dashOf = (k) => (runs ? DASHES[Math.max(looks[k], 0) % DASHES.length] : k ? [5, 4] : []);
    context.save();
    context.beginPath();
    context.rect(box.left - 3, box.top - 3, box.width + 6, box.height + 6);
    context.clip();
    for (const [k, line] of lines.entries()) {
      context.strokeStyle = context.fillStyle = colourOf(k);
      context.lineWidth = 2;
      context.setLineDash(dashOf(k));
      context.lineJoin = "round";
      const known = (i) => i >= 0 && i < line.length && Number.isFinite(line[i]) && (!log || line[i] > 0);
      const points = [];
      context.beginPath();
      for (let i = 0; i < line.length; i++) {
        if (!known(i)) continue;
        context[known(i - 1) ? "lineTo" : "moveTo"](toX(epochs[k][i]), toY(line[i]));
        const beside = [i - 1, i + 1].filter(known);
        const far = (j) => Math.abs(epochs[k][j] - epochs[k][i]) > GAP * last;
        if (!beside.length || beside.some(far)) points.push(i);
      }
      context.stroke();
      for (const i of points) {
        context.beginPath();
        context.arc(toX(epochs[k][i]), toY(line[i]), 2.5, 0, 2 * Math.PI);
        context.fill();
      }
    }
    context.restore();
    context.setLineDash([]);
    context.textBaseline = "middle";
    context.textAlign = "left";
    if (runs) nameRuns();
    let x = box.left;
    for (const [k, name] of names.entries()) {
      if (runs || !lines[k].some(Number.isFinite)) continue;
      context.strokeStyle = colours.series[k];
      context.lineWidth = 2;
      context.setLineDash(dashOf(k));
      context.beginPath();
      context.moveTo(x, 8);
      context.lineTo(x + 16, 8);
      context.stroke();
      context.setLineDash([]);
      context.fillStyle = colours.ink;
      context.fillText(`${name} ${shown(lines[k][nearest[k]])}`, x + 21, 8);
      x += 21 + 120;
    }
    if (pointed !== null) {
      context.textAlign = "right";
      context.fillStyle = colours.muted;
      context.fillText(`epoch ${told}`, box.left + box.width, 8);
    }

    function nameRuns() {
      const ends = lines.map((line) => line.findLastIndex(Number.isFinite));
      const seen = names.map((_, k) => k).filter((k) => ends[k] >= 0);
      const bottom = box.top + box.height, held = (y) => Math.min(Math.max(y, box.top), bottom);
      const ys = seen.map((k) => held(toY(lines[k][ends[k]])));
      const heights = apart(ys, HIGH / 2, height - HIGH / 2, HIGH);
      const named = distinct(context, seen.map((k) => [names[k]]), right - 8);
      for (const [i, k] of seen.entries()) {
        context.fillStyle = colourOf(k);
        context.fillText(named[i][0], box.left + box.width + 6, heights[i]);
      }
    }
  },
});
