const { foldConditions } = require("./fold-conditions.cjs");
const { findOpenDoors, findUnlockedFunctions } = require("./open-doors.cjs");

/** Half an hour of the stream's retention at most may be given up. */
const MAX_UNUSED_SECONDS = 1_800;
const EXIT_AFTER_MS = 500;

/** Records must leave the stream by the mapping's decision, before the stream drops them. */
const findLateMappings = (template) => {
  const streams = Object.values(template.Resources).filter(
    ({ Type }) => Type === "AWS::Kinesis::Stream",
  );
  const retention = Math.min(
    ...streams.map(({ Properties }) => Number(Properties.RetentionPeriodHours) * 3_600),
  );
  return Object.entries(template.Resources).flatMap(([id, { Type, Properties }]) => {
    if (Type !== "AWS::Lambda::EventSourceMapping") return [];
    const age = Number(Properties.MaximumRecordAgeInSeconds);
    return age < retention && age >= retention - MAX_UNUSED_SECONDS
      ? []
      : [
          `${id} gives a record up after ${age} s and its stream after ${retention} s. Set the param maxRecordAgeSeconds to less than retentionHours × 3600, by ${MAX_UNUSED_SECONDS} at most.`,
        ];
  });
};

/** S3 refuses a rule that deletes what it has yet to move. */
const findLifecycleConflicts = (template) =>
  Object.entries(template.Resources).flatMap(([id, { Type, Properties }]) =>
    Type === "AWS::S3::Bucket"
      ? (Properties.LifecycleConfiguration?.Rules ?? [])
          .filter(({ ExpirationInDays, Transitions = [] }) =>
            Transitions.some(
              ({ TransitionInDays }) => Number(TransitionInDays) >= Number(ExpirationInDays),
            ),
          )
          .map(
            ({ Id }) =>
              `${id}, rule ${Id}: expires before it is moved. Set dataExpirationDays above dataToArchiveDays.`,
          )
      : [],
  );

/**
 * Decides what is known when packaging, and refuses a package that would be unsafe to deploy. Also
 * ends the command after a failure, which the bundler would keep from ever ending.
 */
module.exports = class SafeDeploy {
  constructor(serverless) {
    this.serverless = serverless;
    this.hooks = {
      "after:aws:package:finalize:mergeCustomProviderResources": () => this.check(),
      error: () => this.endSoon(),
    };
  }

  findPlugin(className) {
    return this.serverless.pluginManager.plugins.find(
      (plugin) => plugin.constructor.name === className,
    );
  }

  /** A stage whose every call goes to the emulator that the local plugin names. */
  isEmulated() {
    const { service } = this.serverless;
    const stages = service.custom?.localstack?.stages ?? [];
    // biome-ignore lint/style/noProcessEnv: the local plugin reads its endpoint there, too.
    const endpoint = process.env.AWS_ENDPOINT_URL ?? "";
    return (
      this.findPlugin("LocalstackPlugin") !== undefined &&
      stages.includes(service.provider.stage) &&
      !/\.(amazonaws|api\.aws)\b/i.test(endpoint)
    );
  }

  check() {
    const { provider } = this.serverless.service;
    const template = foldConditions(provider.compiledCloudFormationTemplate);
    provider.compiledCloudFormationTemplate = template;
    const problems = [
      ...(this.isEmulated()
        ? []
        : [...findOpenDoors(template), ...findUnlockedFunctions(template)]),
      ...findLateMappings(template),
      ...findLifecycleConflicts(template),
    ];
    if (problems.length > 0)
      throw new this.serverless.classes.Error(
        `Not packaged for stage ${provider.stage}.\n${problems.join("\n")}`,
        "UNSAFE_PACKAGE",
      );
  }

  /** The framework prints the error and waits for the bundler, which waits for the framework. */
  endSoon() {
    setTimeout(() => process.exit(process.exitCode || 1), EXIT_AFTER_MS).unref();
  }
};
