import type { Child } from "hono/jsx/dom";

export type MenuItem = readonly [label: string, action: () => void];

/** A button that opens a list of commands; `details` brings keyboard and state along. */
export const Menu = ({ label, items }: { label: Child; items: readonly MenuItem[] }) => (
  <details class="menu" name="log-menu">
    <summary class="button">{label} ▾</summary>
    <ul>
      {items.map(([text, action]) => (
        <li key={text}>
          <button
            type="button"
            onClick={(event: Event) => {
              (event.currentTarget as Element).closest("details")?.removeAttribute("open");
              action();
            }}
          >
            {text}
          </button>
        </li>
      ))}
    </ul>
  </details>
);
