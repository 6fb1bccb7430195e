import { expect, test } from "vitest";
import { renderPrometheus } from "./prometheus.ts";

test("a family is its HELP line, its TYPE line and one line per sample", () => {
  expect(
    renderPrometheus([
      { name: "a_total", help: "All of it.", type: "counter", samples: [{ value: 3 }] },
      {
        name: "b",
        help: "Now.",
        type: "gauge",
        samples: [
          { labels: { code: "X", shard: "s-0" }, value: 0.5 },
          { labels: { code: "Y" }, value: Number.POSITIVE_INFINITY },
        ],
      },
    ]),
  ).toBe(
    [
      "# HELP a_total All of it.",
      "# TYPE a_total counter",
      "a_total 3",
      "# HELP b Now.",
      "# TYPE b gauge",
      'b{code="X",shard="s-0"} 0.5',
      'b{code="Y"} +Inf',
      "",
    ].join("\n"),
  );
});

test("quotes, backslashes and line breaks cannot leave a label", () => {
  const text = renderPrometheus([
    { name: "a", help: "x\ny", type: "gauge", samples: [{ labels: { s: 'q"\\\n' }, value: 1 }] },
  ]);
  expect(text).toBe('# HELP a x\\ny\n# TYPE a gauge\na{s="q\\"\\\\\\n"} 1\n');
});
