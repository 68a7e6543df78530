// How many positions can be read back from the last state, for a length and a scale of W. Measured by the page's cell;
// nothing is computed here.
import { button, frame, make } from "./shared.mjs";

const STYLE = `
.bars { display: grid; grid-auto-flow: column; grid-auto-columns: 1fr; gap: 1px; height: 9em; align-items: end;
  border-bottom: 1px solid currentcolor; position: relative; margin: 0.8em 0 0; max-width: 40em; }
.bars div { background: color-mix(in srgb, #D55E00 30%, transparent); border-top: 2px solid #D55E00; min-height: 2px; }
.bars div.read { background: #D55E00; }
.bars hr { position: absolute; inset-inline: 0; bottom: calc(var(--at) * 1%); margin: 0; border: 0;
  border-top: 1.5px dashed currentcolor; pointer-events: none; }
.ends { display: flex; justify-content: space-between; max-width: 40em; }
label { display: flex; flex-wrap: wrap; gap: 0.2em 0.7em; align-items: center; }
`;

function render({ model, el }) {
  const [lengths, scales, kept, chance, enough] = ["lengths", "scales", "kept", "chance", "enough"].map((k) =>
    model.get(k),
  );
  let length = 0,
    scale = scales.length - 1;
  const seen = new Set(); // the lengths whose question was answered

  const said = make("p", { role: "status" }),
    picture = make("div", {}),
    form = make("form", { className: "bar" });
  const guess = make("input", { type: "number", min: "0", step: "1" }),
    text = make("span", {});
  form.append(make("label", {}, text, guess), make("button", { className: "first" }, "Show"));
  form.onsubmit = (event) => {
    event.preventDefault();
    seen.add(length);
    show();
    const n = count(),
      first = guess.valueAsNumber;
    said.textContent =
      summary() + (Number.isFinite(first) ? (first === n ? " As you said." : ` You said ${first}.`) : "");
    slider.focus();
  };
  const slider = make("input", { type: "range", min: "0", max: String(scales.length - 1), step: "1" });
  const value = make("span", {});
  slider.oninput = () => {
    scale = slider.valueAsNumber;
    show();
    said.textContent = seen.has(length) ? summary() : "";
  };
  const choices = lengths.map((T, k) =>
    button(`T = ${T}`, () => {
      length = k;
      guess.value = "";
      show();
      said.textContent = seen.has(length) ? summary() : "";
    }),
  );

  const now = () => kept[length][scale].slice(0, -1); // behind the numbers: that they are of one machine
  const count = () => now().filter((percent) => percent >= enough).length;
  const summary = () =>
    `With T = ${lengths[length]} and W scaled to ${scales[scale]}, ${count()} of ` +
    `${lengths[length]} positions are read back in ${enough} % of the sequences or more.`;

  function show() {
    const T = lengths[length],
      known = seen.has(length);
    choices.forEach((each, k) => each.setAttribute("aria-pressed", String(k === length)));
    slider.value = scale;
    slider.setAttribute("aria-valuetext", String(scales[scale]));
    value.textContent = String(scales[scale]);
    form.hidden = known;
    text.textContent = `Of ${T} positions, how many will be read back in ${enough} % of the sequences or more? `;
    guess.max = T;
    picture.replaceChildren();
    if (!known) return;
    const bars = make(
      "div",
      { className: "bars", role: "img", "aria-label": summary() },
      ...now().map((percent) =>
        make("div", { className: percent >= enough ? "read" : "", style: `height: ${percent}%` }),
      ),
      make("hr", { style: `--at: ${chance}` }),
    );
    const cells = now().map((percent, k) =>
      make("tr", {}, make("th", { scope: "row" }, String(k + 1)), make("td", {}, `${percent} %`)),
    );
    picture.append(
      bars,
      make("div", { className: "ends" }, make("span", {}, "position 1"), make("span", {}, `position ${T}`)),
      make("p", {}, `Dark: ${enough} % or more. The dashed line: guessing, ${chance} %.`),
      make(
        "details",
        {},
        make("summary", {}, "The numbers"),
        make(
          "table",
          {},
          make(
            "thead",
            {},
            make("tr", {}, make("th", { scope: "col" }, "position"), make("th", { scope: "col" }, "read back")),
          ),
          make("tbody", {}, ...cells),
        ),
      ),
    );
  }

  frame(
    el,
    "What is kept",
    STYLE,
    make("div", { className: "bar", role: "group", "aria-label": "Length of the sequences" }, ...choices),
    make("div", { className: "bar" }, make("label", {}, "Scale of W:", slider, value)),
    form,
    said,
    picture,
  );
  show();
}

export default { render };
