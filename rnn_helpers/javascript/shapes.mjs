// The options of a layer: the network drawn, and the shapes of what goes in and comes out, each number in the colour of
// what it counts.
import { button, draw, formOf, frame, make } from "./shared.mjs";
import { DIAGRAM, ROW, arrow, box } from "./diagram.mjs";

const STYLE = `${DIAGRAM}
.settings { display: flex; flex-wrap: wrap; gap: 0.5em 1.2em; margin: 0.6em 0; }
.settings label { display: inline-flex; gap: 0.4em; align-items: center; min-height: 2.2em; }
.settings input[type="number"] { width: 3.2em; border: 1px solid var(--quiet); border-radius: 4px; min-height: 2.2em;
  padding: 0 0.4em; }
.settings input[type="checkbox"] { width: 1.3em; height: 1.3em; accent-color: var(--input); }
.T { color: color-mix(in srgb, #5D3A9B 55%, currentcolor); } .N { color: inherit; }
.I { color: var(--input); } .H { color: var(--state); } .L { color: var(--weight); } .D { color: var(--wrong); }
b { font-weight: 700; }
svg rect.pair { fill: none; stroke: currentcolor; stroke-width: 1; opacity: 0.6; }
svg rect.x { fill: color-mix(in srgb, #0072B2 14%, transparent); stroke: #0072B2; }
td, th { text-align: left; }
form label { display: inline-flex; gap: 0.3em; align-items: center; }
.bar input[type="number"] { width: 3.2em; }
`;
const ACROSS = 78,
  FIRST = 110,
  GAP = 34,
  HALF = 27; // of the drawing, whose width is that of a telephone

const MEANS = { T: "steps", N: "sequences", I: "features", H: "hidden units", L: "layers" };

/** All shapes of a layer with these settings: each entry is a product of letters. */
export const shapes = ({ L, D, batch_first }) => {
  const wide = D === 2 ? ["D", "H"] : ["H"],
    first = batch_first ? [["N"], ["T"]] : [["T"], ["N"]];
  const all = { x: [...first, ["I"]], output: [...first, wide], h_n: [D === 2 ? ["D", "L"] : ["L"], ["N"], ["H"]] };
  for (let layer = 0; layer < L; layer++)
    for (const way of D === 2 ? ["", "_reverse"] : [""]) {
      all[`weight_ih_l${layer}${way}`] = [["H"], layer ? wide : ["I"]];
      all[`weight_hh_l${layer}${way}`] = [["H"], ["H"]];
    }
  return all;
};
/** The numbers of a shape. */
export const sizes = (shape, settings) =>
  shape.map((letters) => letters.reduce((size, letter) => size * settings[letter], 1));

const letters = (entry) =>
  entry.flatMap((letter, k) => [...(k ? [" \u00b7 "] : []), make("b", { className: letter }, letter)]);
const between = (parts) => ["(", ...parts.flatMap((part, k) => [...(k ? [", "] : []), ...part]), ")"];
const symbols = (shape) => between(shape.map(letters));
/** A number takes the colour of the last letter of its product: what is counted, not how often. */
const numbers = (shape, settings) =>
  between(
    sizes(shape, settings).map((size, k) => [make("b", { className: shape[k][shape[k].length - 1] }, String(size))]),
  );

/** The frame around the two cells that read the same input. */
const pair = (x, bottom) =>
  draw("rect", {
    class: "pair",
    x: x - HALF - 5,
    y: bottom - 2 * ROW - 16,
    width: 2 * HALF + 10,
    height: 2 * ROW + 16,
    rx: 6,
  });

/** The network, unrolled: inputs below, one row of cells for each layer and direction, output on top. */
const picture = (settings, shown) => {
  const { T, L, D, H, I } = settings,
    FRAME = D === 2 ? 5 : 0;
  const wide = shown ? D * H : "?";
  const steps = T <= 3 ? Array.from({ length: T }, (_, t) => t + 1) : [1, 2, T];
  const place = (k) => FIRST + k * ACROSS,
    end = place(steps.length - 1);
  const height = 2 * ROW + (L + 1) * GAP + L * D * ROW + L * (D - 1) * 16 + 6;
  const drawing = draw("svg", { viewBox: `-6 0 366 ${height}`, role: "img", "aria-label": told(settings, shown) });
  let y = height - ROW / 2 - 3;
  steps.forEach((t, k) => drawing.append(...box(place(k), y, 2 * HALF, "x", `x(${t})`)));
  if (T > 3) drawing.append(draw("text", { x: (place(1) + place(2)) / 2, y: y + 5 }, "\u2026"));
  const size = (number, kind, at) =>
    drawing.append(draw("text", { x: 38, y: at + 5, class: kind }, `${number} numbers`));
  for (let layer = 0; layer < L; layer++) {
    const from = y - ROW / 2 - (layer ? FRAME : 0);
    size(layer ? wide : I, layer ? "H" : "I", from - GAP / 2);
    if (D === 2) for (const k of steps.keys()) drawing.append(pair(place(k), from - GAP));
    for (let way = 0; way < D; way++) {
      y = from - GAP - FRAME - ROW / 2 - way * (ROW + 6);
      steps.forEach((t, k) => {
        drawing.append(...box(place(k), y, 2 * HALF, "", way ? "\u2190 cell" : "cell \u2192"));
        if (k)
          drawing.append(
            ...(way
              ? arrow(place(k) - HALF, y, place(k - 1) + HALF, y, "state")
              : arrow(place(k - 1) + HALF, y, place(k) - HALF, y, "state")),
          );
        if (!way) drawing.append(...arrow(place(k), from, place(k), from - GAP));
      });
      const entry = shown ? `h_n[${D * layer + way}]` : "to h_n";
      if (way)
        drawing.append(
          ...arrow(place(0) - HALF, y, place(0) - HALF - 16, y, "state"),
          draw("text", { x: 38, y: y + 5 }, entry),
        );
      else
        drawing.append(
          ...arrow(end + HALF, y, end + HALF + 16, y, "state"),
          draw("text", { x: end + HALF + 40, y: y + 5 }, entry),
        );
    }
  }
  const from = y - ROW / 2 - FRAME;
  y = from - GAP - ROW / 2;
  size(wide, "H", from - GAP / 2);
  steps.forEach((t, k) =>
    drawing.append(...arrow(place(k), from, place(k), from - GAP), ...box(place(k), y, 64, "out", `output ${t}`)),
  );
  return drawing;
};
const told = ({ T, L, D }, shown) =>
  `${T} steps, ${L} ${L > 1 ? "layers" : "layer"}` +
  (D === 2 ? ", each read forwards and backwards, the two states laid side by side. " : ", read forwards. ") +
  (shown ? entries({ T, L, D }) : "");
const entries = ({ T, L, D }) => {
  const way = (k) => (D === 1 ? "" : k % D ? ", backwards, after step 1" : `, forwards, after step ${T}`);
  return Array.from({ length: L * D }, (_, k) => `h_n[${k}]: layer ${Math.floor(k / D) + 1}${way(k)}`).join("; ") + ".";
};

function render({ model, el }) {
  const settings = Object.fromEntries(
    ["T", "N", "I", "H", "L", "D", "batch_first"].map((name) => [name, model.get(name)]),
  );
  let shown = false;
  const changed = () => {
    said.textContent = "";
    show();
  };
  const count = (name, most) => {
    const input = make("input", {
      type: "number",
      min: "1",
      max: String(most),
      step: "1",
      value: String(settings[name]),
    });
    input.oninput = () => {
      const number = input.valueAsNumber;
      if (!(Number.isInteger(number) && number >= 1 && number <= most)) return;
      settings[name] = number;
      changed();
    };
    input.onchange = () => {
      if (input.value !== String(settings[name])) said.textContent = `${name} may be a whole number from 1 to ${most}.`;
      input.value = String(settings[name]);
    };
    return make("label", {}, make("span", {}, make("b", { className: name }, name), ` ${MEANS[name]}`), input);
  };
  const tick = (name, text, set, checked) => {
    const input = make("input", { type: "checkbox", checked });
    input.onchange = () => {
      set(input.checked);
      changed();
    };
    return make("label", {}, input, text);
  };

  const asked = { output: [], h_n: [] };
  const fields = [];
  for (const name of Object.keys(asked)) {
    asked[name] = [0, 1, 2].map((k) =>
      make("input", { type: "number", min: "1", step: "1", "aria-label": `${name}, axis ${k + 1}` }),
    );
    fields.push(
      make("span", {}, `${name} (`, ...asked[name].flatMap((input, k) => (k ? [", ", input] : [input])), ")"),
    );
  }
  const again = button("Hide them and ask again", () => {
    shown = false;
    for (const input of Object.values(asked).flat()) input.value = "";
    said.textContent = "";
    show();
    asked.output[0].focus();
  });
  const question = make("p", { className: "question" }, "Which shapes will output and h_n have?");
  const said = make("p", { role: "status" }),
    drawn = make("div", {}),
    table = make("div", { className: "scroll" });
  const submitted = () => {
    shown = true;
    show();
    const all = shapes(settings);
    said.textContent = Object.entries(asked)
      .map(([name, inputs]) => {
        const right = sizes(all[name], settings),
          said = inputs.map((input) => input.valueAsNumber);
        const hit = right.every((size, k) => size === said[k]),
          tried = said.some(Number.isFinite);
        return `${name}: ${hit ? "right, " : tried ? "no, it is " : ""}(${right.join(", ")}).`;
      })
      .join(" ");
    again.focus();
  };

  const form = formOf(submitted, ...fields, make("button", { className: "first" }, "Show"));

  function show() {
    form.hidden = question.hidden = shown;
    again.hidden = !shown;
    drawn.replaceChildren(picture(settings, shown));
    const hidden = (name) => !shown && name !== "x";
    const rows = Object.entries(shapes(settings))
      .filter(([name]) => !name.endsWith("_reverse"))
      .map(([name, shape]) =>
        make(
          "tr",
          {},
          make("th", { scope: "row" }, make("code", {}, name)),
          make("td", {}, ...(hidden(name) ? ["?"] : symbols(shape))),
          make("td", {}, ...(hidden(name) ? ["?"] : numbers(shape, settings))),
        ),
      );
    table.replaceChildren(
      make(
        "table",
        {},
        make(
          "thead",
          {},
          make("tr", {}, ...["array", "shape", "here"].map((text) => make("th", { scope: "col" }, text))),
        ),
        make("tbody", {}, ...rows),
      ),
    );
    alike.hidden = settings.D === 1;
  }
  const alike = make(
    "p",
    {},
    "The weights that read backwards, such as ",
    make("code", {}, "weight_ih_l0_reverse"),
    ", have the same shapes.",
  );

  frame(
    el,
    "Shapes",
    STYLE,
    make(
      "div",
      { className: "settings" },
      ...[
        ["T", 9],
        ["N", 9],
        ["I", 9],
        ["H", 9],
        ["L", 3],
      ].map((each) => count(...each)),
      tick(
        "D",
        make("span", {}, "bidirectional: ", make("b", { className: "D" }, "D"), " = 2"),
        (on) => (settings.D = on ? 2 : 1),
        settings.D === 2,
      ),
      tick("batch_first", make("code", {}, "batch_first"), (on) => (settings.batch_first = on), settings.batch_first),
    ),
    question,
    form,
    said,
    again,
    drawn,
    table,
    alike,
  );
  show();
}

export default { render };
