import type { FC } from "hono/jsx";

/** A command to take away; the button is for those whose browser runs scripts. */
export const Command: FC<{ id: string; label: string; text: string }> = ({ id, label, text }) => (
  <div class="command">
    <pre id={id}>{text}</pre>
    <button type="button" class="button" data-copy={id}>
      Copy<span class="hidden"> {label}</span>
    </button>
  </div>
);
