import { startCharts } from "./streams/charts.ts";

for (const host of document.querySelectorAll<HTMLElement>("[data-island=streams-charts]"))
  void startCharts(host);
