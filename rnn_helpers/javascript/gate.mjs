// A gate set by hand, token by token: what is kept of the old state, what is taken of the new value, and how much the
// first token still counts.
import { ask, button, draw, frame, make, rough, written } from "./shared.mjs";
import { BOTTOM, CURVES, HEIGHT, LEFT, RIGHT, TOP, WIDTH, key, plot } from "./curves.mjs";
import { parts, plus, scaled, tanh, times, transposed, zeros } from "./rnn.mjs";
import { tableOf } from "./tables.mjs";

const STYLE = `${CURVES}
table input[type="range"] { width: 7em; vertical-align: middle; }
.zero { stroke: currentcolor; stroke-width: 1; }
.kept { fill: var(--state); } .taken { fill: var(--input); }
.sum { stroke: currentcolor; stroke-width: 3; }
@media (max-width: 480px) { table { font-size: 0.9em; } table input[type="range"] { width: 5.5em; } }
`;
const LINES = ["the whole cell", "along z alone"];

/**
 * A cell that mixes: h(t) = z(t) h(t-1) + (1 - z(t)) n, with n the plain RNN's step. For each step: the two parts and
 * their sum, the influence, which is the norm of the derivative of h(t) by x(1), and what of it came along z alone.
 */
export const mixed = (x, p, z) => {
  let h = zeros(p.b),
    alone = 0;
  let columns = transposed(p.U).map(zeros); // the derivative of h(t) by each feature of x(1)
  return x.map((x_t, t) => {
    const n = tanh(parts(x_t, h, p).sum),
      inside = t ? columns.map((column) => times(p.W, column)) : transposed(p.U); // the derivative of the sum in n
    columns = columns.map((column, k) =>
      column.map((slope, i) => z[t] * slope + (1 - z[t]) * (1 - n[i] ** 2) * inside[k][i]),
    );
    const influence = Math.hypot(...columns.flat()),
      kept = scaled(z[t], h),
      taken = scaled(1 - z[t], n);
    alone = t ? z[t] * alone : influence;
    h = plus(kept, taken);
    return { kept, taken, h, influence, alone };
  });
};

/** The first unit at each token: a bar for what is kept, from there one for what is taken, and a line where it ends. */
const bars = (names, steps) => {
  const wide = (WIDTH - LEFT - RIGHT) / names.length;
  const up = (value) => TOP + ((HEIGHT - TOP - BOTTOM) * (1 - value)) / 2;
  const drawing = draw("svg", { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, "aria-hidden": "true" });
  for (const value of [-1, 0, 1])
    drawing.append(
      draw("line", { class: value ? "grid" : "zero", x1: LEFT, x2: WIDTH - RIGHT, y1: up(value), y2: up(value) }),
      draw("text", { x: LEFT - 6, y: up(value) + 4, "text-anchor": "end" }, written(value, 0)),
    );
  const bar = (kind, x, from, to) =>
    draw("rect", {
      class: kind,
      x,
      width: wide * 0.35,
      y: up(Math.max(from, to)),
      height: up(0) - up(Math.abs(to - from)),
    });
  names.forEach((name, t) => {
    const left = LEFT + (t + 0.1) * wide,
      { kept, taken, h } = steps[t];
    drawing.append(
      bar("kept", left, 0, kept[0]),
      bar("taken", left + 0.4 * wide, kept[0], kept[0] + taken[0]),
      draw("line", { class: "sum", x1: left, x2: left + 0.8 * wide, y1: up(h[0]), y2: up(h[0]) }),
      draw("text", { x: left + 0.4 * wide, y: HEIGHT - BOTTOM + 16, "text-anchor": "middle" }, name),
    );
  });
  return drawing;
};

function render({ model, el }) {
  const [tokens, x, U, W, b, asked] = ["tokens", "x", "U", "W", "b", "asked"].map((name) => model.get(name));
  const p = { U, W, b },
    T = x.length,
    first = `\u201c${tokens[0]}\u201d`;
  const gates = [...tokens, ...(T > tokens.length ? [`${tokens.length + 1}\u2013${T}`] : [])].map((name, k) => ({
    name,
    k,
    z: 0,
  }));
  let answered = false;
  const after = (z) => gates.map((_, k) => (k ? z : 0)); // overwritten at the first token, then all alike
  const run = (zs) =>
    mixed(
      x,
      p,
      x.map((_, t) => zs[Math.min(t, zs.length - 1)]),
    );

  for (const gate of gates) {
    gate.slider = make("input", { type: "range", min: "0", max: "1", step: "0.01" });
    gate.slider.setAttribute(
      "aria-label",
      `z at ${gate.k < tokens.length ? `\u201c${gate.name}\u201d` : "all later steps"}`,
    );
    gate.slider.oninput = () => {
      gate.z = gate.slider.valueAsNumber;
      show();
    };
    gate.cells = ["z", "kept", "taken", "sum"].map(() => make("span", {}));
  }
  const set = (zs) => {
    for (const gate of gates) gate.z = zs[gate.k];
    show();
  };
  const units = make("figure", {}),
    influences = make("figure", {}),
    reached = make("div", {});

  const question = ask(
    `Leave z at 0 at ${first}, which is x(1), so that it is written whole, and set z to ${asked} at every later token. ` +
      `After ${T} steps, does x(1) count more than in the plain RNN, where every z is 0?`,
    ["more than 10 times as much", "about as much", "less than a tenth"],
    (choice) => {
      answered = true;
      set(after(asked));
      const [steps, plain] = [asked, 0].map((z) => run(after(z))[T - 1]);
      const times = steps.influence / plain.influence;
      const truth = times > 10 ? "more than 10 times as much" : times < 0.1 ? "less than a tenth" : "about as much";
      return (
        `${choice === truth ? "Yes" : "No"}, ${truth}: ${rough(steps.influence)}, and ${rough(plain.influence)} in the ` +
        `plain RNN. Along z alone ${rough(steps.alone)} would be left; the rest came through W and tanh. ` +
        `Now find gates with which x(1) counts at step ${T} as it did at step 1.`
      );
    },
  );

  const coloured = (className, text) => make("span", { className }, text);
  function show() {
    const steps = run(gates.map(({ z }) => z));
    for (const { slider, k, z, cells } of gates) {
      const { kept, taken, h } = steps[k < tokens.length ? k : T - 1];
      slider.value = z;
      slider.setAttribute("aria-valuetext", `${written(z)}; unit 1 is then ${written(h[0])}`);
      [z, kept[0], taken[0], h[0]].forEach((number, column) => (cells[column].textContent = written(number)));
    }
    const caption = (text) => make("figcaption", {}, text);
    units.replaceChildren(caption("Unit 1: what is kept, what is taken"), bars(tokens, steps));
    const curves = ["influence", "alone"].map((kind) => steps.map((step) => step[kind]));
    influences.replaceChildren(
      caption("Influence of x(1) on h(t)"),
      ...(answered ? [plot(curves, -12, 0), key(LINES)] : [make("p", {}, "Answer the question first.")]),
    );
    const at = [...new Set([1, tokens.length, T])];
    reached.replaceChildren(
      tableOf(
        ["influence", ...at.map((t) => `step ${t}`)],
        curves.map((values, k) => [LINES[k], ...at.map((t) => (answered ? rough(values[t - 1]) : "?"))]),
      ),
    );
  }

  frame(
    el,
    "A gate by hand",
    STYLE,
    question,
    make(
      "div",
      { className: "bar", role: "group", "aria-label": `z after ${first}` },
      `After ${first}:`,
      ...[0, asked, 0.9, 1].map((z) => button(`z = ${z}`, () => set(after(z)))),
    ),
    tableOf(
      ["at", "gate", "z", coloured("state", "kept"), coloured("input", "taken"), "h(t)"],
      gates.map(({ name, slider, cells }) => [name, slider, ...cells]),
      "Unit 1 keeps z \u00b7 h(t\u22121), and takes (1\u2212z)\u00a0\u00b7\u00a0n",
    ),
    make("div", { className: "plots" }, units, influences),
    reached,
  );
  show();
}

export default { render };
