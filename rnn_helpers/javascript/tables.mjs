// Tables whose rows begin with their heading.
import { make } from "./shared.mjs";

/** A table, and the scrolling place for one that is wider than its screen; cells are texts or parts of a page. */
export const tableOf = (headings, rows, caption = "") =>
  make(
    "div",
    { className: "scroll" },
    make(
      "table",
      {},
      ...(caption ? [make("caption", {}, caption)] : []),
      make("thead", {}, make("tr", {}, ...headings.map((text) => make("th", { scope: "col" }, text)))),
      make(
        "tbody",
        {},
        ...rows.map(([heading, ...cells]) =>
          make("tr", {}, make("th", { scope: "row" }, heading), ...cells.map((cell) => make("td", {}, cell))),
        ),
      ),
    ),
  );
