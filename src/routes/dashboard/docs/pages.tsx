import type { OpenAPIHono } from "@hono/zod-openapi";
import { Hono } from "hono";
import type { FC } from "hono/jsx";
import { Section, Table } from "../components.tsx";
import type { PageRenderer } from "../frame/render.tsx";

const INFO = {
  title: "Dashboard of the log ingestion pipeline",
  version: "1.0.0",
  description:
    "Everything the dashboard shows, as JSON. It only reads. What is not known is null, with its reason beside it; errors are application/problem+json.",
};

type Operation = { summary?: string };

const EndpointTable: FC<{ paths: Record<string, Record<string, Operation>> }> = ({ paths }) => (
  <Table
    caption="Endpoints"
    columns={[{ label: "Endpoint" }, { label: "Answers" }]}
    rows={Object.entries(paths).flatMap(([path, operations]) =>
      Object.entries(operations).map(([method, { summary }]) => ({
        cells: [
          <code>
            {method.toUpperCase()} {path}
          </code>,
          <span class="wrap">{summary ?? ""}</span>,
        ],
      })),
    )}
    empty="No endpoint is described."
  />
);

/** `/openapi.json`, and `/docs`: the viewer of it, served from here; without a script, a table. */
export const createDocsPages = ({
  api,
  pages,
  viewerStyles,
}: {
  api: OpenAPIHono;
  pages: PageRenderer;
  /** Path of the viewer's own style sheet, where it was built. */
  viewerStyles: string | undefined;
}): Hono => {
  const app = new Hono();
  const describeApi = () => api.getOpenAPI31Document({ openapi: "3.1.0", info: INFO });

  app.get("/openapi.json", (c) => c.json(describeApi()));

  app.get("/docs", (c) => {
    const paths = (describeApi().paths ?? {}) as Record<string, Record<string, Operation>>;
    return pages.render(
      c,
      {
        title: "API",
        section: "docs",
        isStill: true,
        scripts: ["docs"],
        styles: viewerStyles === undefined ? [] : [viewerStyles],
      },
      <>
        <div class="page-head">
          <h1>API</h1>
          <p class="end">
            <a class="button" href="/openapi.json">
              openapi.json
            </a>
          </p>
        </div>
        <div data-island="docs" class="docs">
          <Section title="Endpoints">
            <EndpointTable paths={paths} />
          </Section>
        </div>
      </>,
    );
  });

  return app;
};
