// W grown and shrunk: what becomes of the state, and of what the first token still counts, with and without tanh.
import { ask, button, frame, make, rough, written } from "./shared.mjs";
import { CURVES, key, plot } from "./curves.mjs";
import { reach } from "./rnn.mjs";
import { tableOf } from "./tables.mjs";

const STYLE = `${CURVES}
label { display: flex; flex-wrap: wrap; gap: 0.2em 0.7em; align-items: center; }
`;
const ROWS = ["with tanh", "without tanh"];

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
    table = make("div", {});

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
      tableOf(
        [`at step ${T}`, "largest unit", "influence of x(1)"],
        ROWS.map((name, k) => {
          const { size, influence } = steps[k][T - 1];
          return [name, rough(size), answered ? rough(influence) : "?"];
        }),
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
    key(ROWS),
    make("div", { className: "plots" }, sizes, influences),
    table,
  );
  show(own);
}

export default { render };
