import type { Context } from "hono";
import type { Child } from "hono/jsx";
import type { StreamDetail } from "../../../shared/core/dashboard/reader.ts";
import { chartsTab } from "./charts-tab.tsx";
import { ConsumersTab } from "./consumers-tab.tsx";
import type { StreamsData } from "./data.ts";
import type { StreamsDeps } from "./deps.ts";
import type { Tab } from "./links.ts";
import { LiveTab } from "./live-tab.tsx";
import { recordsTab } from "./records-tab.tsx";
import { ShardsTab } from "./shards-tab.tsx";

export type TabBody = { body: Child; scripts?: string[]; isStill?: boolean };

/** The content of each tab of a stream. */
export const createTabs = (
  deps: StreamsDeps,
  data: StreamsData,
): Record<Tab, (stream: StreamDetail, c: Context) => Promise<TabBody>> => ({
  shards: async (stream) => {
    const [lags, rates] = await Promise.all([data.lags(stream), data.rates(stream)]);
    return { body: <ShardsTab stream={stream} lags={lags} rates={rates} /> };
  },
  live: async (stream, c) => ({
    body: <LiveTab stream={stream} deps={deps} query={c.req.query()} />,
    scripts: ["streams-live"],
    isStill: true,
  }),
  records: (stream, c) => recordsTab(deps, stream, c.req.query()),
  consumers: async (stream) => ({
    body: (
      <ConsumersTab
        stream={stream}
        lags={await data.lags(stream)}
        source={deps.streams?.consumerSource ?? "checkpoint"}
        now={deps.now()}
      />
    ),
  }),
  charts: (stream, c) => chartsTab(deps, stream, c.req.query()),
});
