declare module "swagger-ui-dist/swagger-ui.css";

declare module "swagger-ui-dist/swagger-ui-es-bundle.js" {
  const SwaggerUI: (options: {
    domNode: HTMLElement;
    url: string;
    deepLinking?: boolean;
    displayRequestDuration?: boolean;
    validatorUrl?: string | null;
    supportedSubmitMethods?: readonly string[];
    requestSnippetsEnabled?: boolean;
  }) => unknown;
  // biome-ignore lint/style/noDefaultExport: this is how the package exports it.
  export default SwaggerUI;
}
