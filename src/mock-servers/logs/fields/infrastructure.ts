import type { LOG_CATEGORIES } from "../../../shared/core/log-types.ts";
import { type LogKinds, latencyMs, loadPercent } from "../context.ts";
import { CORE, DEPLOYED, EDGE, PLATFORM } from "../services.ts";
import { hex, int, percent, privateIp, publicIp, round, skewed } from "../values.ts";

type Types = (typeof LOG_CATEGORIES)["infrastructure"][number];

const DOMAINS = [
  "api.bank.example",
  "core.bank.internal",
  "auth.bank.internal",
  "cdn.bank.example",
];
const ASSETS = [
  "/app.js",
  "/styles.css",
  "/logo.svg",
  "/fonts/inter.woff2",
  "/statements/help.pdf",
];

const pod = (service: string, id: string): string => `${service}-${id.slice(0, 5)}`;

export const infrastructure: LogKinds<Types> = {
  server_metrics: {
    services: DEPLOYED,
    fields: (c) => {
      const cpu = loadPercent(c, 35);
      return {
        message: `cpu ${cpu} %`,
        cpu_percent: cpu,
        memory_percent: loadPercent(c, 52),
        disk_percent: loadPercent(c, 44),
        load_1m: round(cpu / 12.5, 2),
        network_in_bytes: int(c.random, 20_000, 9_000_000),
        network_out_bytes: int(c.random, 20_000, 9_000_000),
      };
    },
  },
  process: {
    services: DEPLOYED,
    fields: (c) => {
      const pid = int(c.random, 300, 32_000);
      return {
        message: c.isFailing ? `process ${pid} was killed` : `process ${pid} is running`,
        pid,
        process_name: c.random.pick(["java", "node", "nginx", "postgres", "python3"]),
        state: c.isFailing ? "killed" : c.random.pick(["running", "running", "sleeping"]),
        exit_code: c.isFailing ? c.random.pick([1, 137, 139, 143]) : null,
        cpu_percent: loadPercent(c, 12),
        memory_bytes: int(c.random, 40, 2_400) * 1_048_576,
        threads: int(c.random, 1, 220),
      };
    },
  },
  filesystem: {
    services: CORE,
    fields: (c) => {
      const used = loadPercent(c, 55);
      const mount = c.random.pick(["/", "/var/lib/postgresql", "/var/log", "/data"]);
      return {
        message: `${mount} is ${used} % full`,
        mount_point: mount,
        device: c.random.pick(["nvme0n1p1", "nvme1n1", "sda1"]),
        used_percent: used,
        inodes_used_percent: loadPercent(c, 20),
        read_iops: int(c.random, 5, 4_000),
        write_iops: int(c.random, 5, 4_000),
      };
    },
  },
  container: {
    services: DEPLOYED,
    fields: (c) => {
      const event = c.isFailing
        ? c.random.pick(["oom_killed", "restarted", "unhealthy"])
        : c.random.pick(["started", "healthy", "healthy", "image_pulled"]);
      return {
        message: `container ${event}`,
        container_id: hex(c.random, 12),
        image: `registry.bank.internal/${c.service}:2.${int(c.random, 1, 40)}.${int(c.random, 0, 9)}`,
        event,
        restart_count: c.isFailing ? int(c.random, 1, 12) : 0,
        cpu_percent: loadPercent(c, 25),
        memory_bytes: int(c.random, 64, 1_900) * 1_048_576,
      };
    },
  },
  kubernetes: {
    services: DEPLOYED,
    fields: (c) => {
      const reason = c.isFailing
        ? c.random.pick(["CrashLoopBackOff", "OOMKilled", "FailedScheduling", "Unhealthy"])
        : c.random.pick(["Scheduled", "Pulled", "Created", "Started"]);
      const name = pod(c.service, hex(c.random, 8));
      return {
        message: `${reason}: pod ${name}`,
        cluster: "bank-prod-1",
        namespace: c.random.pick(["banking", "payments", "identity"]),
        pod: name,
        node: `node-${int(c.random, 1, 12)}`,
        reason,
        event_type: c.isFailing ? "Warning" : "Normal",
        ready_replicas: c.isFailing ? int(c.random, 0, 2) : 3,
        desired_replicas: 3,
      };
    },
  },
  load_balancer: {
    services: EDGE,
    fields: (c) => ({
      message: c.isFailing ? "a target left the pool" : "request balanced",
      algorithm: c.random.pick(["round_robin", "least_connections"]),
      backend: `${privateIp(c.random)}:8080`,
      client_ip: publicIp(c.random),
      active_connections: int(c.random, 20, 900) + Math.round(4_000 * c.stress),
      healthy_targets: c.isFailing ? int(c.random, 1, 4) : 6,
      total_targets: 6,
      response_time_ms: latencyMs(c, 24),
    }),
  },
  firewall: {
    services: PLATFORM,
    fields: (c) => {
      const action = c.isFailing || c.random.chance(0.1) ? "deny" : "allow";
      return {
        message: `${action} tcp`,
        action,
        protocol: "tcp",
        source_ip: publicIp(c.random),
        source_port: int(c.random, 1_024, 65_535),
        destination_ip: privateIp(c.random),
        destination_port: c.random.pick([443, 443, 443, 22, 5432, 6379]),
        rule_id: `fw-${int(c.random, 100, 199)}`,
        bytes: Math.round(skewed(c.random, 60, 90_000)),
      };
    },
  },
  dns: {
    services: PLATFORM,
    fields: (c) => {
      const query = c.random.pick(DOMAINS);
      const code = c.isFailing ? c.random.pick(["SERVFAIL", "NXDOMAIN"]) : "NOERROR";
      return {
        message: `${query} ${code}`,
        query,
        query_type: c.random.pick(["A", "AAAA", "CNAME", "SRV"]),
        response_code: code,
        resolver: privateIp(c.random),
        answer_ttl_seconds: c.random.pick([30, 60, 300, 3_600]),
        latency_ms: latencyMs(c, 3),
      };
    },
  },
  cdn: {
    services: EDGE,
    fields: (c) => {
      const cache = c.isFailing ? "MISS" : c.random.pick(["HIT", "HIT", "HIT", "MISS", "EXPIRED"]);
      const path = c.random.pick(ASSETS);
      return {
        message: `${cache} ${path}`,
        cache_status: cache,
        edge_location: c.random.pick(["HAN", "SGN", "SIN", "NRT"]),
        path,
        status_code: c.isFailing ? 502 : 200,
        bytes_sent: Math.round(skewed(c.random, 400, 900_000)),
        hit_ratio: percent(94 - 60 * c.stress + c.random.between(-3, 3)),
        ttfb_ms: latencyMs(c, 9),
      };
    },
  },
};
