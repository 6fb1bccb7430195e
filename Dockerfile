# One small image for every process of the pipeline; the command says which: ingest, consumer,
# dashboard, setup, emulator. Node 22 as on Lambda. Tags are pinned: rebuild to update.
FROM node:22.23.2-alpine3.24 AS build
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
RUN npm ci
COPY tsconfig.json ./
COPY scripts ./scripts
COPY src ./src
RUN node -e "import('./scripts/build.mjs').then(({ build }) => build())"

# The bundles hold their dependencies: nothing is installed in what runs.
FROM node:22.23.2-alpine3.24
ENV NODE_ENV=production \
    NODE_OPTIONS=--enable-source-maps \
    HOST=0.0.0.0
WORKDIR /app
# Owned by the user that runs, so that a volume mounted here is writable.
RUN mkdir /data && chown node:node /data
COPY package.json ./
COPY docker/health.mjs ./health.mjs
COPY --from=build /app/.build ./
USER node
EXPOSE 8004 8010
CMD ["node", "ingest.js"]
