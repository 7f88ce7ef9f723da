// Curves over epochs, of training and of test; the numbers under the pointer are read out.
import { drawing, short, ticks, unpacked } from "pellucid-studio";

const LEFT = 46, BOTTOM = 20, TOP = 20, RIGHT = 14;

function extent({ lines, log, range }) {
  if (range) return range;
  let low = Infinity, high = -Infinity;
  for (const line of lines)
    for (const value of line)
      if (Number.isFinite(value) && (!log || value > 0)) {
        low = Math.min(low, value);
        high = Math.max(high, value);
      }
  if (low > high) return [0, 1];
  if (log) return [10 ** Math.floor(Math.log10(low)), 10 ** Math.ceil(Math.log10(high) + 1e-9)];
  low = Math.min(low, 0) === 0 && low >= 0 ? 0 : low;
  const step = ticks(low, high || 1, 3);
  const size = step.length > 1 ? step[1] - step[0] : high - low || 1;
  return [Math.floor(low / size) * size, Math.ceil(high / size - 1e-9) * size || size];
}

function scaleOf([low, high], log, from, to) {
  const at = log ? Math.log10 : (x) => x;
  const [a, b] = [at(low), at(high)];
  return (x) => from + ((at(Math.max(x, log ? low : -Infinity)) - a) / (b - a || 1)) * (to - from);
}

function marksOf([low, high], log, height) {
  if (!log) return ticks(low, high, Math.max(height / 40, 2));
  const powers = [];
  const [a, b] = [Math.round(Math.log10(low)), Math.round(Math.log10(high))];
  for (let power = a; power <= b; power += Math.ceil((b - a) / 4) || 1) powers.push(10 ** power);
  return powers;
}

export default drawing({
  unpack: (payload) => ({
    ...payload,
    epochs: unpacked(payload.epochs),
    lines: payload.lines.map(unpacked),
  }),
  point({ x, kind, state, repaint }) {
    state.x = kind === "leave" ? null : x;
    repaint();
  },
  paint({ context, width, height, payload, colours, state }) {
    if (!payload) return;
    const { epochs, lines, log, at, names, percent, plain } = payload;  // plain: no legend, no dashes
    const box = { left: LEFT, top: TOP, width: width - LEFT - RIGHT, height: height - TOP - BOTTOM };
    const range = extent(payload), last = Math.max(epochs[epochs.length - 1], 1);
    const toX = (epoch) => box.left + (epoch / last) * box.width;
    const toY = scaleOf(range, log, box.top + box.height, box.top);
    const shown = (value) => (percent ? `${short(100 * value)} %` : short(value));
    context.lineWidth = 1;
    context.textBaseline = "middle";
    context.textAlign = "right";
    for (const value of marksOf(range, log, box.height)) {
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
    const looked = pointed === null ? at : pointed;
    let nearest = epochs.length - 1;
    if (looked !== null && looked !== undefined) {
      nearest = 0;
      for (let i = 1; i < epochs.length; i++)
        if (Math.abs(epochs[i] - looked) < Math.abs(epochs[nearest] - looked)) nearest = i;
      context.strokeStyle = colours.muted;
      context.beginPath();
      context.moveTo(toX(epochs[nearest]), box.top);
      context.lineTo(toX(epochs[nearest]), box.top + box.height);
      context.stroke();
    }
    context.save();
    context.beginPath();
    context.rect(box.left, box.top - 2, box.width + 4, box.height + 4);
    context.clip();
    for (const [k, line] of lines.entries()) {
      context.strokeStyle = plain && k === lines.length - 1 ? colours.ink : colours.series[k % colours.series.length];
      context.lineWidth = 2;
      context.setLineDash(k && !plain ? [5, 4] : []);
      context.lineJoin = "round";
      context.beginPath();
      let pen = false;
      for (let i = 0; i < line.length; i++) {
        const ok = Number.isFinite(line[i]) && (!log || line[i] > 0);
        if (ok) context[pen ? "lineTo" : "moveTo"](toX(epochs[i]), toY(line[i]));
        pen = ok;
      }
      context.stroke();
    }
    context.restore();
    context.setLineDash([]);
    let x = box.left;
    context.textBaseline = "middle";
    context.textAlign = "left";
    for (const [k, name] of names.entries()) {
      if (plain || !lines[k].some(Number.isFinite)) continue;
      context.strokeStyle = colours.series[k];
      context.lineWidth = 2;
      context.setLineDash(k ? [5, 4] : []);
      context.beginPath();
      context.moveTo(x, 8);
      context.lineTo(x + 16, 8);
      context.stroke();
      context.setLineDash([]);
      context.fillStyle = colours.ink;
      context.fillText(`${name} ${shown(lines[k][nearest])}`, x + 21, 8);
      x += 21 + 120;
    }
    if (pointed !== null) {
      context.textAlign = "right";
      context.fillStyle = colours.muted;
      context.fillText(`epoch ${epochs[nearest]}`, box.left + box.width, 8);
    }
  },
});
