// What came out: counts of true against predicted classes, or predicted against true numbers.
import { distinct, drawing, ramp, short, ticks, unpacked } from "pellucid-studio";

function matrix(context, width, height, { classes, counts }, colours) {
  const k = classes.length, table = ramp(colours.sequential);
  const rows = distinct(context, classes.map((name) => [name]), Math.max(Math.min(width - 26 * k - 28, 90), 24)).flat(), top = 8, bottom = 38;
  const names = Math.max(...rows.map((name) => context.measureText(name).width)) + 26;
  const size = Math.floor(Math.min((width - names - 1) / k, (height - top - bottom) / k));
  const left = Math.max((width - k * size) / 2, names), below = distinct(context, classes.map((name) => [name]), Math.max(size - 2, 10)).flat();
  const font = context.font;
  for (let row = 0; row < k; row++) {
    const total = counts.slice(row * k, row * k + k).reduce((a, b) => a + b, 0);
    for (let column = 0; column < k; column++) {
      const count = counts[row * k + column], part = total ? count / total : 0;
      const at = Math.round(205 * part) , colour = table.subarray(3 * at, 3 * at + 3);
      const [x, y] = [left + column * size, top + row * size];
      context.fillStyle = `rgb(${colour.join()})`;
      context.fillRect(x, y, size - 1, size - 1);
      const light = (0.2126 * colour[0] ** 2.2 + 0.7152 * colour[1] ** 2.2 + 0.0722 * colour[2] ** 2.2) / 255 ** 2.2;
      if (size >= 18 && (count || k <= 4)) {
        context.fillStyle = light > 0.18 ? "#000000" : "#ffffff";
        context.font = font.replace("12px", `${Math.max(Math.min(size / 2.6, 15), 11)}px`);
        context.textAlign = "center";
        context.textBaseline = "middle";
        context.fillText(String(count), x + size / 2, y + size / 2, size - 3);
      }
    }
    context.font = font;
    context.fillStyle = colours.ink;
    context.textAlign = "right";
    context.textBaseline = "middle";
    context.fillText(rows[row], left - 6, top + (row + 0.5) * size);
    context.textAlign = "center";
    context.textBaseline = "top";
    context.fillText(below[row], left + (row + 0.5) * size, top + k * size + 4);
  }
  context.fillStyle = colours.muted;
  context.fillText("predicted", left + (k * size) / 2, top + k * size + 20);
  context.save();
  context.translate(left - names + 10, top + (k * size) / 2);
  context.rotate(-Math.PI / 2);
  context.textBaseline = "middle";
  context.fillText("true", 0, 0);
  context.restore();
}

const cut = (name) => (name.length > 16 ? name.slice(0, 15) + "…" : name);

function pairs(context, width, height, { points, target }, colours) {
  const top = 8, bottom = 36;
  const size = Math.min(width - 60, height - top - bottom), left = Math.max((width - size) / 2, 50);
  let low = Infinity, high = -Infinity;
  for (let i = 0; i < points.length; i += 2) {
    low = Math.min(low, points[i]);
    high = Math.max(high, points[i]);
  }
  const margin = (high - low || 1) * 0.15;
  [low, high] = [low - margin, high + margin];
  const toX = (x) => left + ((x - low) / (high - low)) * size;
  const toY = (y) => top + size - ((y - low) / (high - low)) * size;
  context.strokeStyle = colours.line;
  context.strokeRect(left + 0.5, top + 0.5, size, size);
  context.strokeStyle = colours.muted;
  context.beginPath();
  context.moveTo(left, top + size);
  context.lineTo(left + size, top);
  context.stroke();
  context.fillStyle = colours.muted;
  context.textAlign = "center";
  context.textBaseline = "top";
  for (const value of ticks(low, high, 4)) context.fillText(short(value), toX(value), top + size + 4);
  context.fillText(`true ${cut(target)}`, left + size / 2, top + size + 20);
  context.textAlign = "right";
  context.textBaseline = "middle";
  for (const value of ticks(low, high, 4)) context.fillText(short(value), left - 6, toY(value));
  context.save();
  context.translate(left - 41, top + size / 2);
  context.rotate(-Math.PI / 2);
  context.textAlign = "center";
  context.fillText("predicted", 0, 0);
  context.restore();
  context.save();
  context.beginPath();
  context.rect(left, top, size, size);
  context.clip();
  context.fillStyle = colours.series[0];
  context.globalAlpha = 0.7;
  for (let i = 0; i < points.length; i += 2) {
    context.beginPath();
    context.arc(toX(points[i]), toY(points[i + 1]), 3, 0, 2 * Math.PI);
    context.fill();
  }
  context.restore();
}

export default drawing({
  unpack: (payload) => ({
    ...payload,
    counts: payload.counts && unpacked(payload.counts),
    points: payload.points && unpacked(payload.points),
  }),
  paint({ context, width, height, payload, colours }) {
    if (payload) (payload.counts ? matrix : pairs)(context, width, height, payload, colours);
  },
});
