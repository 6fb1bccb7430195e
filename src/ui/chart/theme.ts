let probe: HTMLElement | undefined;
const resolved = new Map<string, string>();

/** A colour of the style sheet as a canvas takes it: `light-dark()` is none of those. */
export const resolveColour = (name: string): string => {
  const known = resolved.get(name);
  if (known !== undefined) return known;
  if (probe === undefined) {
    probe = document.createElement("i");
    probe.hidden = true;
    document.documentElement.append(probe);
  }
  probe.style.color = `var(${name})`;
  const colour = getComputedStyle(probe).color;
  resolved.set(name, colour);
  return colour;
};

/** Calls back after the theme of the page or of the system has changed; the result ends that. */
export const onThemeChange = (changed: () => void): (() => void) => {
  const forget = () => {
    resolved.clear();
    changed();
  };
  const page = new MutationObserver(forget);
  page.observe(document.documentElement, { attributes: true, attributeFilter: ["data-theme"] });
  const system = matchMedia("(prefers-color-scheme: light)");
  system.addEventListener("change", forget);
  return () => {
    page.disconnect();
    system.removeEventListener("change", forget);
  };
};
