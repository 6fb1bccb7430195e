import { render } from "hono/jsx/dom";
import { App } from "./logs/app.tsx";
import { createEngine } from "./logs/engine.ts";
import { startKeyboard } from "./logs/keyboard.ts";
import { createViewer, type ViewerProps } from "./logs/viewer.ts";

// Takes the place of the first lines, which the server has written.
const island = document.querySelector('[data-island="logs"]');
if (island instanceof HTMLElement) {
  const props = JSON.parse(island.dataset.props ?? "{}") as ViewerProps & { canRead: boolean };
  const engine = props.canRead ? createEngine() : undefined;
  if (engine !== undefined) {
    const viewer = createViewer(props, engine);
    island.replaceChildren();
    island.dataset.ready = "yes";
    render(<App viewer={viewer} />, island);
    startKeyboard(viewer);
  }
}
