import type { DashboardReader } from "../../shared/core/dashboard/reader.ts";
import type { PageRenderer } from "./frame/render.tsx";

/**
 * What the pages and the API of each area are made from. An area throws its errors; the app that
 * mounts it turns them into a page or a problem.
 */
export type AreaDeps = {
  reader: DashboardReader;
  pages: PageRenderer;
  /** Epoch milliseconds. */
  now: () => number;
};
