# syntax=docker/dockerfile:1
# The image that the templates run: the static binary and CA certificates, nothing else.
#
# For another architecture than this machine's: docker build --platform linux/arm64 . (the whole build then runs as that).
ARG RUST_VERSION=1.95
ARG NODE_VERSION=24

FROM node:${NODE_VERSION}-bookworm-slim AS node

FROM rust:${RUST_VERSION}-bookworm AS build
ARG TARGETARCH
COPY --from=node /usr/local/bin/node /usr/local/bin/node
COPY --from=node /usr/local/lib/node_modules /usr/local/lib/node_modules
RUN ln -s ../lib/node_modules/npm/bin/npm-cli.js /usr/local/bin/npm \
    && ln -s ../lib/node_modules/npm/bin/npx-cli.js /usr/local/bin/npx
WORKDIR /src
COPY . .
# With a target named, the flag for a static glibc leaves build scripts and procedural macros alone.
RUN case "$TARGETARCH" in \
        amd64) target=x86_64-unknown-linux-gnu ;; \
        arm64) target=aarch64-unknown-linux-gnu ;; \
        *) echo "no static build for the architecture $TARGETARCH: build with BuildKit for amd64 or arm64" >&2; exit 1 ;; \
    esac \
    && RUSTFLAGS="-C target-feature=+crt-static" \
        cargo build --release --locked --package jqs-collector --target "$target" \
    && cp "target/$target/release/jqs-collector" /jqs-collector

FROM scratch
COPY --from=build /etc/ssl/certs/ca-certificates.crt /etc/ssl/certs/ca-certificates.crt
COPY --from=build /jqs-collector /jqs-collector
# Loopback, the program's default, would be of no use in a container.
ENV JQS_LISTEN_HOST=0.0.0.0
USER 65532:65532
EXPOSE 4317 4318 13133 16686
ENTRYPOINT ["/jqs-collector"]
CMD ["all-in-one"]
