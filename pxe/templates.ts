/** Templates of boot images: read and parsed once an image, executed for each request. */
import type { BootFile } from "./image.ts";
import { type GoValue, parseTemplate, type Template } from "./template/template.ts";

/** What {@link TemplateCache} needs. */
export interface TemplateCacheOptions {
  /** Reads all bytes of a file. */
  readonly read: (file: BootFile) => Promise<Uint8Array>;
  /** Parsed templates kept. @default 256 */
  readonly maxEntries?: number;
}

/** A template in an image. */
export interface TemplateFile extends BootFile {
  /** The image's digest and the path in it: what the file is, for ever. */
  readonly key: string;
}

/** A larger template is somebody's mistake: a file that was named .tmpl. */
const MAX_TEMPLATE = 1 << 20;

type Parsed = Template | { readonly broken: Error };
type Entry = Parsed | Promise<Parsed>;

/** Parsed templates by image and path, the least recently used given up first. */
export class TemplateCache {
  readonly #options: Required<TemplateCacheOptions>;
  readonly #entries = new Map<string, Entry>();

  /** Reads nothing yet. */
  constructor(options: TemplateCacheOptions) {
    this.#options = { maxEntries: 256, ...options };
  }

  /**
   * Renders the template; at once when it was parsed before, so that most requests wait for nothing.
   * @throws why the file is no template, or why it does not render
   */
  render(file: TemplateFile, data: () => GoValue): Uint8Array | Promise<Uint8Array> {
    const entry = this.#entry(file);
    return entry instanceof Promise ? this.#renderLater(entry, data) : execute(entry, data);
  }

  async #renderLater(entry: Promise<Parsed>, data: () => GoValue): Promise<Uint8Array> {
    return execute(await entry, data);
  }

  #entry(file: TemplateFile): Entry {
    const known = this.#entries.get(file.key);
    if (known !== undefined) {
      this.#entries.delete(file.key);
      this.#entries.set(file.key, known);
      return known;
    }
    const loading = this.#load(file);
    this.#entries.set(file.key, loading);
    for (const oldest of this.#entries.keys()) {
      if (this.#entries.size <= this.#options.maxEntries) break;
      this.#entries.delete(oldest);
    }
    return loading;
  }

  async #load(file: TemplateFile): Promise<Parsed> {
    if (file.size > MAX_TEMPLATE) {
      return this.#settle(file.key, { broken: new Error(`template is ${file.size} bytes, at most 1 MiB is rendered`) });
    }
    let text: Uint8Array;
    try {
      text = await this.#options.read(file);
    } catch {
      // The disk may recover, so this is not kept; the error's own text names paths of this host.
      this.#entries.delete(file.key);
      throw new Error("template cannot be read from the image cache");
    }
    try {
      return this.#settle(file.key, parseTemplate(text));
    } catch (error) {
      return this.#settle(file.key, { broken: error as Error });
    }
  }

  #settle(key: string, entry: Parsed): Parsed {
    if (this.#entries.has(key)) this.#entries.set(key, entry);
    return entry;
  }
}

function execute(entry: Parsed, data: () => GoValue): Uint8Array {
  if ("broken" in entry) throw entry.broken;
  return entry.execute(data());
}
