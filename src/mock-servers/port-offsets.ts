/** Where each service listens, from the first port on; 4 is the ingestion interface, the real one. */
export const PORT_OFFSETS = {
  "scenario-orchestrator": 0,
  "pattern-generator": 1,
  "log-synthesis": 2,
  "state-manager": 3,
  "log-consolidation": 5,
} as const;

export type ServiceName = keyof typeof PORT_OFFSETS;
