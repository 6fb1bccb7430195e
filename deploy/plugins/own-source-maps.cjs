const { readFileSync } = require("node:fs");

/** A map of a single place; a map of none is not taken for one. */
const ALMOST_NOTHING = { version: 3, sources: ["package"], names: [], mappings: "AAAA" };
const MAP = Buffer.from(JSON.stringify(ALMOST_NOTHING)).toString("base64");

/**
 * Source maps of this project's own code only: those of the packages would be most of the zip, and
 * stack traces are read for the code that can be changed.
 */
module.exports = [
  {
    name: "own-source-maps",
    setup(build) {
      build.onLoad({ filter: /node_modules.*\.[cm]?js$/ }, ({ path }) => ({
        contents: `${readFileSync(path, "utf8")}\n//# sourceMappingURL=data:application/json;base64,${MAP}`,
        loader: "default",
      }));
    },
  },
];
