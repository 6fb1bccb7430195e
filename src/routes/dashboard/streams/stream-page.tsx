import type { FC, PropsWithChildren } from "hono/jsx";
import type { StreamDetail } from "../../../shared/core/dashboard/reader.ts";
import { Ago, Facts } from "../components.tsx";
import { Crumbs } from "../frame/layout.tsx";
import { StreamStatus } from "../tables.tsx";
import { TABS, type Tab, tabLink } from "./links.ts";

/** What every tab of a stream has around it. */
export const StreamFrame: FC<PropsWithChildren<StreamDetail & { tab: Tab; now: number }>> = ({
  description,
  tab,
  now,
  children,
}) => (
  <>
    <Crumbs items={[{ label: "streams", href: "/streams" }, { label: description.name }]} />
    <div class="page-head">
      <h1>{description.name}</h1>
      <StreamStatus status={description.status} />
    </div>
    {tab === "shards" ? (
      <Facts
        facts={[
          ["Open shards", description.openShardCount],
          ["Retention", `${description.retentionHours} h`],
          ["Encryption", description.encryption === "NONE" ? "none" : description.encryption],
          ["Created", <Ago time={description.createdAt} now={now} reason="Kinesis did not say." />],
          ["ARN", <code>{description.arn}</code>],
        ]}
      />
    ) : null}
    <nav class="tabs" aria-label="Parts of this stream">
      {TABS.map(([name, label]) => (
        <a href={tabLink(description.name, name)} aria-current={name === tab ? "page" : undefined}>
          {label}
        </a>
      ))}
    </nav>
    {children}
  </>
);
