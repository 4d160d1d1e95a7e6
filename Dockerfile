# syntax=docker/dockerfile:1
# The gateway without its embedded database: give it DATABASE_URL. See content/docs/deploy.md.

FROM node:20-bookworm-slim AS build
WORKDIR /src
COPY package.json package-lock.json ./
RUN npm ci --no-audit --no-fund
COPY . .
RUN node scripts/make-standalone.mjs

FROM node:20-bookworm-slim
ENV NODE_ENV=production NEXT_TELEMETRY_DISABLED=1 PORT=3000 DATA_DIR=/data
# DATA_DIR holds nothing but a lock and, where AUTH_SECRET or ENCRYPTION_KEY are not set, the generated ones.
RUN install -d -o node -g node /app /data
WORKDIR /app
COPY --from=build --chown=node:node /src/.next/standalone ./
USER node
VOLUME /data
EXPOSE 3000
# Half a minute for migrations; then what a load balancer asks too.
HEALTHCHECK --start-period=30s --interval=10s --timeout=5s \
  CMD ["node", "-e", "fetch(`http://127.0.0.1:${process.env.PORT}/api/health`).then((r) => process.exit(r.ok ? 0 : 1), () => process.exit(1))"]
# Longer than an orderly end takes.
STOPSIGNAL SIGTERM
CMD ["node", "scripts/start.mjs"]
