import "swagger-ui-dist/swagger-ui.css";
import SwaggerUI from "swagger-ui-dist/swagger-ui-es-bundle.js";

const island = document.querySelector('[data-island="docs"]');
if (island instanceof HTMLElement) {
  const { theme } = document.documentElement.dataset;
  const isDark =
    theme === "dark" || (theme === "auto" && matchMedia("(prefers-color-scheme: dark)").matches);
  document.documentElement.classList.toggle("dark-mode", isDark);
  island.replaceChildren();
  SwaggerUI({
    domNode: island,
    url: "/openapi.json",
    deepLinking: true,
    displayRequestDuration: true,
    // Neither asks a validator on somebody else's site.
    validatorUrl: null,
    supportedSubmitMethods: ["get"],
    requestSnippetsEnabled: true,
  });
}
