import { Hono } from "hono";
import type { AreaDeps } from "../area.ts";
import { Section } from "../components.tsx";
import { isStreamName } from "../query.ts";
import { StreamTable } from "../tables.tsx";
import { StreamPage } from "./stream-page.tsx";

export const createStreamsPages = ({ reader, pages, now }: AreaDeps): Hono => {
  const app = new Hono();

  app.get("/streams", async (c) => {
    const streams = await reader.streams();
    return pages.render(
      c,
      { title: "Streams", section: "streams" },
      <>
        <h1>Streams</h1>
        <Section title="All streams">
          <StreamTable {...streams} />
        </Section>
      </>,
    );
  });

  app.get("/streams/:name", async (c) => {
    const name = c.req.param("name");
    const stream = isStreamName(name) ? await reader.stream(name) : undefined;
    if (!stream) return pages.notFound(c, "stream", name);
    return pages.render(
      c,
      { title: name, section: "streams" },
      <StreamPage {...stream} now={now()} />,
    );
  });

  return app;
};
