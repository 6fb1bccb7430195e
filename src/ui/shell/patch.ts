/** Attributes that the reader changes, and the server does not know. */
const OWN_ATTRIBUTES = new Set(["open"]);

/** What a script draws is its own business. */
const isIsland = (node: Node): boolean => node instanceof HTMLElement && "island" in node.dataset;

/**
 * Makes `from` like `to` with as few changes as there are differences, so that scroll, focus,
 * selection and open details stay. Islands are left alone.
 */
export const patch = (from: Node, to: Node): void => {
  if (from.nodeName !== to.nodeName) {
    from.parentNode?.replaceChild(document.importNode(to, true), from);
    return;
  }
  if (isIsland(from)) return;
  if (!(from instanceof Element) || !(to instanceof Element)) {
    if (from.nodeValue !== to.nodeValue) from.nodeValue = to.nodeValue;
    return;
  }
  for (const { name } of [...from.attributes])
    if (!to.hasAttribute(name) && !OWN_ATTRIBUTES.has(name)) from.removeAttribute(name);
  for (const { name, value } of [...to.attributes])
    if (from.getAttribute(name) !== value) from.setAttribute(name, value);
  const old = [...from.childNodes];
  const fresh = [...to.childNodes];
  for (const [index, node] of fresh.entries()) {
    const current = old[index];
    if (current) patch(current, node);
    else from.append(document.importNode(node, true));
  }
  for (const node of old.slice(fresh.length)) node.remove();
};
