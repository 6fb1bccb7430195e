import type { FC } from "hono/jsx";
import { bucketLink } from "../links.ts";
import type { View } from "./hrefs.ts";

const Choice: FC<{
  name: string;
  label: string;
  value: string | undefined;
  options: readonly (readonly [string, string])[];
}> = ({ name, label, value = "", options }) => (
  <label class="choice">
    <span class="hidden">{label}</span>
    <select name={name}>
      {options.some(([each]) => each === value) ? null : <option value={value}>{value}</option>}
      {options.map(([each, text]) => (
        <option value={each} selected={each === value}>
          {text}
        </option>
      ))}
    </select>
  </label>
);

/** What is shown of a prefix. A form of its own, so that it works without any script. */
export const FilterForm: FC<{ bucket: string; view: View; note?: string | undefined }> = ({
  bucket,
  view,
  note,
}) => {
  const { prefix = "", q = "", match, min, after } = view;
  const place = prefix === "" ? "in this bucket" : `under ${prefix.split("/").slice(-2).join("/")}`;
  return (
    <form class="listing-filters" method="get" action={bucketLink(bucket)} data-filters>
      {prefix === "" ? null : <input type="hidden" name="prefix" value={prefix} />}
      {view.sort === "key" ? null : <input type="hidden" name="sort" value={view.sort} />}
      {view.dir === "asc" ? null : <input type="hidden" name="dir" value={view.dir} />}
      <label class="hidden" for="q">
        Keys {place}
      </label>
      <input
        id="q"
        type="search"
        name="q"
        value={q}
        placeholder={`Keys ${place}`}
        autocomplete="off"
        spellcheck={false}
        data-filter
      />
      <fieldset class="switch">
        <legend class="hidden">How keys match</legend>
        <label>
          <input type="radio" name="match" value="prefix" checked={match !== "contains"} />
          <span>Prefix</span>
        </label>
        <label>
          <input type="radio" name="match" value="contains" checked={match === "contains"} />
          <span>Contains</span>
        </label>
      </fieldset>
      <Choice
        name="min"
        label="Size"
        value={min}
        options={[
          ["", "Any size"],
          ["1", "Not empty"],
          ["1MB", "≥ 1 MB"],
          ["10MB", "≥ 10 MB"],
          ["100MB", "≥ 100 MB"],
        ]}
      />
      <label class="choice">
        <span class="hidden">Modified since</span>
        <input
          type="text"
          name="after"
          value={after ?? ""}
          placeholder="modified since 2026-11-22"
          pattern="\d{4}-\d\d-\d\d([T ]\d\d:\d\d(:\d\d)?Z?)?"
          title="2026-11-22 or 2026-11-22T09:30Z, UTC"
          size={22}
        />
      </label>
      <label class="choice">
        <span class="hidden">Jump to a date or an hour</span>
        <input
          type="text"
          name="jump"
          placeholder="jump to 2026-11-22T09"
          title="2026-11, 2026-11-22 or 2026-11-22T09, UTC; or a key to start behind"
          size={20}
          aria-describedby={note ? "jump-note" : undefined}
        />
      </label>
      <button class="button" type="submit">
        List
      </button>
      {note ? (
        <p class="note" id="jump-note" role="status">
          {note}
        </p>
      ) : null}
    </form>
  );
};
