// Numbers that can be changed, and one slider for all of them: it moves the number that was chosen last.
import { make, numberField, written } from "./shared.mjs";

export const FIELDS = `
.slide label { display: flex; flex-wrap: wrap; gap: 0.2em 0.7em; align-items: center; }
`;

/** Fields, by one or in a grid, the slider, and a way to read all numbers again; `changed` is told of each change. */
export const fieldsOf = (changed) => {
  const fields = [];
  let chosen = null;
  const slider = make("input", { type: "range", min: "-2", max: "2", step: "0.1" });
  const name = make("span", {}),
    value = make("span", {});
  const slide = make("div", { className: "slide", hidden: true }, make("label", {}, name, slider, value));
  const put = () => {
    slider.value = chosen.get();
    value.textContent = written(chosen.get());
  };
  const moved = () => {
    if (chosen) put();
    changed();
  };
  slider.oninput = () => {
    chosen.set(slider.valueAsNumber);
    chosen.refresh();
    moved();
  };
  const choose = (number) => {
    chosen = number;
    slide.hidden = false;
    name.textContent = `Move ${number.label}:`;
    put();
  };

  const field = (label, get, set, start) => {
    const each = numberField({ label, get, set, start, changed: moved, chosen: choose });
    fields.push(each);
    return each.input;
  };
  /** A field for each number of a matrix, which `get` finds. */
  const grid = (key, get, start) =>
    start.map((row, i) =>
      row.map((_, j) =>
        field(
          `${key}, row ${i + 1}, column ${j + 1}`,
          () => get()[i][j],
          (n) => (get()[i][j] = n),
          () => start[i][j],
        ),
      ),
    );
  const refresh = () => {
    for (const each of fields) each.refresh();
    slide.hidden = true;
    chosen = null;
  };
  return { field, grid, slide, refresh };
};
