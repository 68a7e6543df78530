// How the search orders what it finds: chapters first, the reference last. The numbers are Sphinx's own but for `score`.
var Scorer = {
  score: ([place, , , , score]) => {
    const weights = { notebooks: 40, glossary: 30, notation: 20, assignments: 10, silent_mistakes: 5, api: -40 };
    return score + (weights[place.split("/")[0]] ?? 0);
  },
  objNameMatch: 11,
  objPartialMatch: 6,
  objPrio: { 0: 15, 1: 5, 2: -5 },
  objPrioDefault: 0,
  title: 15,
  partialTitle: 7,
  term: 5,
  partialTerm: 2,
};
