// Curves over the steps, on a logarithmic scale, and the key to them.
import { draw, make, power } from "./shared.mjs";

export const CURVES = `
.plots { display: flex; flex-wrap: wrap; gap: 0.5em 1.5em; margin: 0.6em 0; }
.plots figure { margin: 0; flex: 1 1 20em; max-width: 100%; }
svg { display: block; width: 100%; height: auto; }
svg text { font: 13px system-ui, sans-serif; fill: currentcolor; }
svg .grid { stroke: var(--rule); stroke-width: 1; }
svg path { fill: none; stroke-width: 2.5; }
.bent { stroke: var(--state); } .straight { stroke: currentcolor; stroke-dasharray: 7 4; opacity: 0.8; }
figcaption { font-weight: 600; }
.key svg { display: inline-block; width: 3em; height: 0.7em; vertical-align: middle; }
.key span { margin-right: 1.5em; white-space: nowrap; }
`;
export const WIDTH = 350,
  HEIGHT = 210,
  LEFT = 46,
  RIGHT = 10,
  TOP = 8,
  BOTTOM = 38;
const KINDS = ["bent", "straight"]; // the first curve, and the second

/** At most two curves over the steps, on a logarithmic scale from 10 to the `low` to 10 to the `high`. */
export const plot = (curves, low, high) => {
  const T = curves[0].length;
  const across = (t) => LEFT + ((WIDTH - LEFT - RIGHT) * t) / Math.max(1, T - 1);
  const up = (value) => {
    const height = (Math.log10(Math.max(value, Number.MIN_VALUE)) - low) / (high - low);
    return HEIGHT - BOTTOM - (HEIGHT - TOP - BOTTOM) * Math.min(1, Math.max(0, height));
  };
  const drawing = draw("svg", { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, "aria-hidden": "true" });
  for (let exponent = low; exponent <= high; exponent += 4)
    drawing.append(
      draw("line", { class: "grid", x1: LEFT, x2: WIDTH - RIGHT, y1: up(10 ** exponent), y2: up(10 ** exponent) }),
      draw("text", { x: LEFT - 6, y: up(10 ** exponent) + 4, "text-anchor": "end" }, power(exponent)),
    );
  for (const t of [0, Math.floor(T / 2) - 1, T - 1].filter((t, k, all) => t >= 0 && all.indexOf(t) === k))
    drawing.append(draw("text", { x: across(t), y: HEIGHT - BOTTOM + 16, "text-anchor": "middle" }, String(t + 1)));
  drawing.append(draw("text", { x: (LEFT + WIDTH) / 2, y: HEIGHT - 4, "text-anchor": "middle" }, "step t"));
  curves.forEach((values, k) => {
    const points = values.map((value, t) => `${across(t).toFixed(1)} ${up(value).toFixed(1)}`);
    drawing.append(draw("path", { class: KINDS[k], d: `M${points.join("L")}` }));
  });
  return drawing;
};

/** What the curves are called, each name behind a piece of its line. */
export const key = (names) =>
  make(
    "p",
    { className: "key" },
    ...names.map((name, k) =>
      make(
        "span",
        {},
        draw("svg", { viewBox: "0 0 40 8", "aria-hidden": "true" }, draw("path", { class: KINDS[k], d: "M0 4L40 4" })),
        ` ${name}`,
      ),
    ),
  );
