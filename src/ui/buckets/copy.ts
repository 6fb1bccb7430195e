const SAID_MS = 1_500;

/** Puts a text on the clipboard and says so on the button that was pressed. */
export const copyText = async (text: string, button: HTMLElement): Promise<void> => {
  const before = button.textContent ?? "";
  let said = "Copied";
  try {
    await navigator.clipboard.writeText(text);
  } catch {
    said = "The browser refused";
  }
  button.textContent = said;
  setTimeout(() => {
    if (button.textContent === said) button.textContent = before;
  }, SAID_MS);
};
