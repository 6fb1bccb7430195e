export type MetricSample = {
  readonly labels?: Readonly<Record<string, string>>;
  readonly value: number;
};

export type MetricFamily = {
  readonly name: string;
  readonly help: string;
  readonly type: "counter" | "gauge";
  readonly samples: readonly MetricSample[];
};

export const PROMETHEUS_CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8";

const escapeHelp = (text: string): string => text.replaceAll("\\", "\\\\").replaceAll("\n", "\\n");

const escapeLabelValue = (text: string): string => escapeHelp(text).replaceAll('"', '\\"');

const formatValue = (value: number): string => {
  if (Number.isNaN(value)) return "NaN";
  if (value === Number.POSITIVE_INFINITY) return "+Inf";
  if (value === Number.NEGATIVE_INFINITY) return "-Inf";
  return String(value);
};

const formatLabels = (labels: Readonly<Record<string, string>> = {}): string => {
  const pairs = Object.entries(labels).map(
    ([name, value]) => `${name}="${escapeLabelValue(value)}"`,
  );
  return pairs.length === 0 ? "" : `{${pairs.join(",")}}`;
};

/**
 * Prometheus text exposition format 0.0.4, each family with its HELP and TYPE line.
 * https://prometheus.io/docs/instrumenting/exposition_formats/
 */
export const renderPrometheus = (families: readonly MetricFamily[]): string =>
  families
    .map(({ name, help, type, samples }) =>
      [
        `# HELP ${name} ${escapeHelp(help)}\n# TYPE ${name} ${type}\n`,
        ...samples.map(
          ({ labels, value }) => `${name}${formatLabels(labels)} ${formatValue(value)}\n`,
        ),
      ].join(""),
    )
    .join("");
