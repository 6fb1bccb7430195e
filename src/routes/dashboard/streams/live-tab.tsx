import type { FC } from "hono/jsx";
import type { StreamDetail } from "../../../shared/core/dashboard/reader.ts";
import { isClosedShard } from "../../../shared/core/dashboard/streams/shard-graph.ts";
import { Failure } from "../components.tsx";
import type { StreamsDeps } from "./deps.ts";
import { shortShard, tabLink } from "./links.ts";
import { FirstRecord } from "./teach.tsx";

const SHORTCUTS = [
  ["p", "pause and go on"],
  ["G", "to the end, and follow"],
  ["j", "next line"],
  ["k", "line before"],
  ["e", "next error"],
  ["E", "error before"],
  ["Enter", "details"],
  ["y", "copy the line"],
  ["Y", "copy a link to the record"],
  ["Esc", "close details, clear the filter"],
];

const LEVELS = ["fatal", "error", "warn", "info", "debug", "trace"];

/** Records as they arrive. The island draws them; without scripts the records tab does. */
export const LiveTab: FC<{
  stream: StreamDetail;
  deps: StreamsDeps;
  query: Readonly<Record<string, string>>;
}> = ({ stream: { description, shards }, deps, query }) => {
  const { name } = description;
  const open = shards.items.filter((shard) => !isClosedShard(shard));
  const newest = tabLink(name, "records", { position: "NEWEST" });
  if (!deps.streams) return <Failure message="This dashboard is not set up to read records." />;
  const props = {
    stream: name,
    mode: deps.streams.tail ? "sse" : "poll",
    shard: query.shard ?? "",
  };
  return (
    <section class="live" aria-label="Live tail">
      <noscript>
        <p class="failure">
          Following needs scripts. The <a href={newest}>newest records</a> are shown without them,
          and again every 10 s.
        </p>
      </noscript>
      <form class="bar" action={`/streams/${encodeURIComponent(name)}`} data-live-form>
        <input type="hidden" name="tab" value="live" />
        <input
          type="search"
          name="q"
          value={query.q ?? ""}
          placeholder="Lines with these words …"
          aria-label="Lines with these words"
          data-filter
          autocomplete="off"
        />
        <label>
          Level{" "}
          <select name="lvl">
            <option value="">any</option>
            {LEVELS.map((level) => (
              <option value={level} selected={query.lvl === level}>
                {level === "fatal" ? "fatal" : `≥ ${level}`}
              </option>
            ))}
          </select>
        </label>
        <label>
          Shard{" "}
          <select name="shard">
            <option value="">all {open.length}</option>
            {open.map(({ shardId }) => (
              <option value={shardId} selected={query.shard === shardId}>
                {shortShard(shardId)}
              </option>
            ))}
          </select>
        </label>
        <span class="live-buttons">
          <button type="button" class="button" data-live="pause" aria-keyshortcuts="p">
            Pause
          </button>
          <button type="button" class="button" data-live="stop">
            Stop
          </button>
          <button type="button" class="button" data-live="clear">
            Clear
          </button>
        </span>
      </form>
      <div
        class="live-island"
        data-island="streams-live"
        data-props={JSON.stringify(props)}
        data-shortcuts={JSON.stringify(SHORTCUTS)}
      >
        <div class="live-empty" hidden>
          <p>
            <b>No record arrived yet.</b>
          </p>
          <FirstRecord ingestUrl={deps.ingestUrl} />
        </div>
      </div>
    </section>
  );
};
