/**
 * metalman as a library: the parts that stand alone.
 *
 * - **DHCP:** {@link parsePacket}, {@link decide}, {@link encodePacket}, and the server around them
 * - **TFTP:** {@link begin} and {@link advance}, the transfer as a pure machine, and the server around it
 * - **Templates:** {@link parseTemplate}, Go's text/template
 * - **Images:** {@link ImagePuller} and {@link ImageStore}, from a registry to files
 * - **Kubernetes:** {@link KubeClient}, {@link watchCollection}, {@link ObjectCache}, {@link WorkQueue}, {@link StatusWriter}
 * - **Machines:** {@link readMachine}, and what their reports mean
 *
 * @module
 */

// Addresses, time and logs, which the parts below are given.
export {
  AddressError,
  type Cidr,
  cidrContains,
  formatIpv4,
  formatMac,
  parseCidr,
  parseIpv4,
  parseMac,
  parseMask,
} from "./base/address.ts";
export { backoffMs, type BackoffOptions } from "./base/backoff.ts";
export { type Clock, type SleepOptions, systemClock } from "./base/clock.ts";
export { DurationError, formatDuration, parseDuration } from "./base/duration.ts";
export type { LineBudgetOptions } from "./base/line_budget.ts";
export { createLogger, type LogFields, type Logger, type LogLevel, type LogOptions } from "./base/log.ts";

// Machines.
export { ConditionReason, ConditionType, type NextCondition, setCondition } from "./machine/conditions.ts";
export type { Directory, LeaseHit } from "./machine/directory.ts";
export {
  type CloudInitEvent,
  cloudInitReport,
  nextStallCheck,
  pxeDisabled,
  readCloudInitEvent,
  type StallCheck,
} from "./machine/reports.ts";
export type { BootStatus, BootStep } from "./machine/boot_status.ts";
export {
  type Condition,
  type DhcpLease,
  type FieldProblem,
  type Machine,
  type MachineObject,
  type MachineReading,
  type MachineStatus,
  type ObjectKeyRef,
  type ObjectMeta as MachineMeta,
  type Operations,
  readMachine,
  type RedfishSpec,
  type RepaveCount,
} from "./machine/types.ts";

// DHCP.
export type { BootChoice } from "./pxe/dhcp/boot_file.ts";
export {
  decide,
  type Destination,
  DHCP_CAUSES,
  DHCP_STATES,
  type DhcpCause,
  type DhcpDecision,
  type DhcpIdentity,
  type DhcpQuestion,
} from "./pxe/dhcp/decide.ts";
export { type Firmware, type FirmwareKind, firmwareOf } from "./pxe/dhcp/firmware.ts";
export { MalformedPacketError, OPTION, type RawOptions } from "./pxe/dhcp/options.ts";
export { type DhcpMessage, encodePacket, OP, parsePacket, REPLY_BUFFER_SIZE } from "./pxe/dhcp/packet.ts";
export {
  DHCP_FAULTS,
  DHCP_OUTCOMES,
  type DhcpEvent,
  type DhcpMode,
  type DhcpObserver,
  type DhcpServer,
  type DhcpServerOptions,
  startDhcpServer,
} from "./pxe/dhcp/server.ts";
export type { BootFile, BootImage, ImageDirectory, ImageMissing } from "./pxe/image.ts";

// TFTP.
export type { FileAnswer, FileResolver } from "./pxe/answer.ts";
export { BindError, PortInUse } from "./pxe/bind_error.ts";
export { TFTP_OUTCOMES, TFTP_REFUSALS, type TftpObserver } from "./pxe/tftp/observer.ts";
export { startTftpServer, TftpServer, type TftpServerOptions } from "./pxe/tftp/server.ts";
export {
  advance,
  begin,
  lastBlockOf,
  type Step as TransferStep,
  type TransferEvent,
  type TransferState,
  waitMs,
} from "./pxe/tftp/transfer.ts";

// Templates.
export type {
  Field as GoField,
  FieldPath as GoFieldPath,
  GoType,
  Kind as GoKind,
  Method as GoMethod,
} from "./pxe/template/go_type.ts";
export { templateData, type TemplateInput } from "./pxe/template/machine_view.ts";
export {
  GoValue,
  type Limits as TemplateLimits,
  parseTemplate,
  Template,
  TemplateError,
} from "./pxe/template/template.ts";

// Images.
export {
  type Credentials as RegistryCredentials,
  type CredentialSource,
  type DockerConfig,
  parseDockerConfig,
} from "./registry/credentials.ts";
export { PullError } from "./registry/errors.ts";
export { type Content, type FileIndex, ImageTree } from "./registry/layer.ts";
export type { Platform } from "./registry/manifest.ts";
export type { PullProgress } from "./registry/pull_job.ts";
export { ImagePuller, type PullerOptions, type PullObserver, type PullRequest } from "./registry/puller.ts";
export { formatReference, parseReference, type Reference } from "./registry/reference.ts";
export { type Binding, ImageStore, type StoreNotice } from "./registry/store.ts";
export { type StoredFile, StoredImage } from "./registry/stored_image.ts";
export { type TarHandler, type TarMember, TarReader } from "./registry/tar.ts";
export type { TransportOptions } from "./registry/transport.ts";

// Kubernetes.
export type { ApiObserver } from "./k8s/api_observer.ts";
export type { Access, Credentials as ClusterCredentials, ExecPlugin, Source } from "./k8s/access.ts";
export { type CacheOptions, type Change, type IndexKey, ObjectCache, withoutManagedFields } from "./k8s/cache.ts";
export {
  type ApplyOptions,
  type ClientOptions,
  KubeClient,
  type Page,
  type RequestOptions,
  type Selection,
  type WatchOptions,
} from "./k8s/client.ts";
export { Controller, type ControllerOptions, type Result } from "./k8s/controller.ts";
export { ApiError, type ApiErrorDetails, ConfigError, ConnectionError } from "./k8s/errors.ts";
export type { MissingRight } from "./k8s/missing_right.ts";
export { type Host, type RunOptions, type RunResult, systemHost } from "./k8s/host.ts";
export type { ExecEntry } from "./k8s/kubeconfig.ts";
export { locateAccess, type LocateOptions } from "./k8s/locate.ts";
export type { KubeObject, ObjectMeta, ObjectName, Resource } from "./k8s/object.ts";
export { type QueueObserver, type QueueOptions, WorkQueue } from "./k8s/queue.ts";
export {
  type Decide,
  STATUS_RESULTS,
  type StatusObject,
  StatusWriter,
  type StatusWriterOptions,
  type WriteOutcome,
} from "./k8s/status.ts";
export { type StoreEvent, WATCH_ENDS, watchCollection, type WatchParameters } from "./k8s/watch.ts";
