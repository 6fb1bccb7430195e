import { Hono } from "hono";
import { isStreamName } from "../query.ts";
import { createStreamsData } from "./data.ts";
import type { StreamsDeps } from "./deps.ts";
import { isTab } from "./links.ts";
import { listPage } from "./list-page.tsx";
import { StreamFrame } from "./stream-page.tsx";
import { createTabs } from "./tabs.tsx";

/** All streams, and each of them with its tabs; every tab is made on the server. */
export const createStreamsPages = (deps: StreamsDeps): Hono => {
  const { reader, pages, now } = deps;
  const data = createStreamsData(deps);
  const tabs = createTabs(deps, data);
  const app = new Hono();

  app.get("/streams", async (c) => {
    const body = await listPage(deps, data, c.req.query());
    return pages.render(c, { title: "Streams", section: "streams" }, body);
  });

  app.get("/streams/:name", async (c) => {
    const name = c.req.param("name");
    const stream = isStreamName(name) ? await reader.stream(name) : undefined;
    if (!stream) return pages.notFound(c, "stream", name);
    const wanted = c.req.query("tab");
    const tab = isTab(wanted) ? wanted : "shards";
    const { body, scripts = [], isStill = false } = await tabs[tab](stream, c);
    return pages.render(
      c,
      { title: `${name} ${tab}`, section: "streams", scripts, isStill },
      <StreamFrame {...stream} tab={tab} now={now()}>
        {body}
      </StreamFrame>,
    );
  });

  return app;
};
