# The container of metalman. `docker build` follows it, and so does `deno task image`, which needs no engine and knows
# just the instructions used here (docs/decisions/container.md).

# Deno of the platform that the image is for; nothing of it is run while the image is made.
FROM denoland/deno:2.9.6 AS runtime

# The bundle is the same for every platform, so it is made on the one that builds.
FROM --platform=$BUILDPLATFORM denoland/deno:2.9.6 AS build
RUN command -v setcap >/dev/null || { apt-get update -q && apt-get install -y -q --no-install-recommends libcap2-bin; }
WORKDIR /src
COPY . .
ARG REVISION=unknown
ARG SOURCE_DATE_EPOCH
# What `site deploy-pxe` deploys: this image, by the name that it will have.
ARG METALMAN_IMAGE
RUN deno task bundle
RUN install -d /image/usr/lib/metalman /image/usr/share/doc/metalman && install -d -m 1777 /image/var/cache/metalman
RUN cp -r dist/bundle /image/usr/lib/metalman/bundle && cp LICENSE /image/usr/share/doc/metalman/copyright
COPY --from=runtime /usr/bin/deno /image/usr/lib/metalman/deno
# The one right of this container: ports 67 and 69 without being root.
RUN chmod 755 /image/usr/lib/metalman/deno && setcap cap_net_bind_service=ep /image/usr/lib/metalman/deno

FROM gcr.io/distroless/cc-debian12:nonroot
COPY --from=build /image/ /
ARG VERSION=unknown
ARG REVISION=unknown
ARG SOURCE=unknown
LABEL org.opencontainers.image.title="metalman" \
      org.opencontainers.image.description="Network boot of bare-metal machines that are Kubernetes objects" \
      org.opencontainers.image.source="$SOURCE" \
      org.opencontainers.image.licenses="MIT" \
      org.opencontainers.image.version="$VERSION" \
      org.opencontainers.image.revision="$REVISION"
# All that Deno itself writes; metalman writes to its cache only.
ENV DENO_DIR=/tmp/deno DENO_NO_UPDATE_CHECK=1
USER 65532:65532
WORKDIR /
VOLUME /var/cache/metalman
EXPOSE 67/udp 69/udp 8880/tcp 8081/tcp
STOPSIGNAL SIGTERM
# Kubernetes asks /healthz and /readyz on port 8081; a check of the engine's would need a program that is not here.
HEALTHCHECK NONE
# As dist/bundle/flags has it; each command gives up at once what it does not need.
ENTRYPOINT ["/usr/lib/metalman/deno", "run", "--no-prompt", "--no-config", "--no-lock", "--no-remote", "--no-npm", "--cached-only", "--unstable-net", "--unstable-worker-options", "--v8-flags=--max-semi-space-size=2,--heap-growing-percent=30", "--allow-net", "--allow-read", "--allow-write", "--allow-env", "--allow-sys", "--allow-run", "--allow-ffi", "/usr/lib/metalman/bundle/main.js"]
