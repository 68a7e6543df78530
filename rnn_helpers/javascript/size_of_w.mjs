// W grown and shrunk: what becomes of the state, and of what the first token still counts, with and without tanh.
import { ask, button, draw, frame, make, power, rough, written } from "./shared.mjs";
import { reach } from "./rnn.mjs";

const STYLE = `
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
label { display: flex; flex-wrap: wrap; gap: 0.2em 0.7em; align-items: center; }
`;
const WIDTH = 350,
  HEIGHT = 210,
  LEFT = 46,
  RIGHT = 10,
  TOP = 8,
  BOTTOM = 38;
const ROWS = [
  ["with tanh", "bent"],
  ["without tanh", "straight"],
];

/** Curves over the steps, on a logarithmic scale from 10 to the `low` to 10 to the `high`. */
const plot = (curves, low, high) => {
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
    drawing.append(draw("path", { class: ROWS[k][1], d: `M${points.join("L")}` }));
  });
  return drawing;
};

function render({ model, el }) {
  const [x, U, W, b, own] = ["x", "U", "W", "b", "radius"].map((name) => model.get(name));
  const T = x.length,
    asked = 1.2;
  let radius = own,
    answered = false;
  const both = (of) => {
    const p = { U, W: W.map((row) => row.map((number) => (number * of) / own)), b };
    return [true, false].map((bent) => reach(x, p, bent));
  };

  const slider = make("input", { type: "range", min: "0.5", max: "1.5", step: "0.01" });
  const value = make("span", {});
  slider.oninput = () => show(slider.valueAsNumber);
  const sizes = make("figure", {}),
    influences = make("figure", {}),
    table = make("div", { className: "scroll" });
  const key = make(
    "p",
    { className: "key" },
    ...ROWS.map(([name, kind]) =>
      make(
        "span",
        {},
        draw("svg", { viewBox: "0 0 40 8", "aria-hidden": "true" }, draw("path", { class: kind, d: "M0 4L40 4" })),
        ` ${name}`,
      ),
    ),
  );

  const question = ask(
    `Scale W to a spectral radius of ${asked}. With tanh, what becomes of the influence of x(1) in ${T} steps?`,
    ["it fades", "it stays", "it grows"],
    (choice) => {
      answered = true;
      show(asked);
      const [bent, straight] = both(asked).map((steps) => steps.map((step) => step.influence));
      const change = bent[T - 1] / bent[0];
      const truth = change < 0.1 ? "it fades" : change > 10 ? "it grows" : "it stays";
      return (
        `${choice === truth ? "Yes" : "No"}, ${truth}: from ${rough(bent[0])} at step 1 to ${rough(bent[T - 1])} ` +
        `at step ${T}. W multiplies by about ${asked} a step, and tanh by 1 \u2212 h\u00b2, which is less than 1. ` +
        `Without tanh it goes to ${rough(straight[T - 1])}. Now move W yourself.`
      );
    },
  );

  function show(of) {
    radius = of;
    slider.value = of;
    value.textContent = written(of) + (of === own ? ", as it is here" : "");
    const steps = both(of);
    const caption = (text) => make("figcaption", {}, text);
    sizes.replaceChildren(
      caption("Largest unit of h(t)"),
      plot(
        steps.map((all) => all.map(({ size }) => size)),
        -4,
        8,
      ),
    );
    influences.replaceChildren(
      caption("Influence of x(1) on h(t)"),
      answered
        ? plot(
            steps.map((all) => all.map(({ influence }) => influence)),
            -12,
            8,
          )
        : make("p", {}, "Answer the question first."),
    );
    table.replaceChildren(
      make(
        "table",
        {},
        make(
          "thead",
          {},
          make(
            "tr",
            {},
            ...[`at step ${T}`, "largest unit", "influence of x(1)"].map((text) => make("th", { scope: "col" }, text)),
          ),
        ),
        make(
          "tbody",
          {},
          ...ROWS.map(([name], k) =>
            make(
              "tr",
              {},
              make("th", { scope: "row" }, name),
              make("td", {}, rough(steps[k][T - 1].size)),
              make("td", {}, answered ? rough(steps[k][T - 1].influence) : "?"),
            ),
          ),
        ),
      ),
    );
  }

  frame(
    el,
    "The size of W",
    STYLE,
    question,
    make(
      "div",
      { className: "bar" },
      make("label", {}, "Spectral radius of W:", slider, value),
      button("W as it is here", () => show(own)),
    ),
    key,
    make("div", { className: "plots" }, sizes, influences),
    table,
  );
  show(own);
}

export default { render };
