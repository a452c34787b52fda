/**
 * Layers put together: whiteouts, opaque directories, links (OCI image-spec, layer.md). No name of a layer ever
 * reaches the file system: the content of each file is kept under a number, names and links live in a tree in
 * memory. Only what is below /disk is kept; links are resolved inside the image and may not lead out of it.
 */
import { LayerError, TooLargeError } from "./errors.ts";

/** The folder of an image that is served. */
export const DISK = "disk";
const WHITEOUT = ".wh.";
const OPAQUE = ".wh..wh..opq";
/** Of all names together, in characters; and of directories, files and links. */
const MAX_NAMES = 32 * 1024 * 1024;
const MAX_NODES = 250_000;
const MAX_PATH = 4096;
/** Steps through the tree for one image: honest ones take a few a file, loops and whiteouts can ask for billions. */
const MAX_STEPS = 50_000_000;
/** Symbolic links followed for one path (Linux follows 40). */
export const MAX_LINKS = 40;

interface FileNode {
  readonly kind: "file";
  readonly layer: number;
  readonly content: Content;
}
interface LinkNode {
  readonly kind: "link";
  readonly layer: number;
  readonly target: string;
}
interface DirNode {
  readonly kind: "dir";
  layer: number;
  readonly children: Map<string, Node>;
}
type Node = FileNode | LinkNode | DirNode;

/** Where the bytes of a file are kept; hard links share one. */
export interface Content {
  /** The name of the content. */
  readonly id: number;
  /** Bytes, holes included. */
  readonly size: number;
}

/** The finished tree, flat; paths are below /disk and have no leading slash. */
export interface FileIndex {
  /** Regular files: path, number of the content, size. */
  readonly files: readonly (readonly [path: string, id: number, size: number])[];
  /** Symbolic links: path, target as stored. */
  readonly links: readonly (readonly [path: string, target: string])[];
}

/**
 * The components of a path in an archive, without empty ones and dots.
 * @throws {LayerError} when it leads out of the archive or is too long
 */
export function splitPath(path: string): string[] {
  if (path.length > MAX_PATH) throw new LayerError(`a name of the layer has ${path.length} characters`);
  if (path.includes("\0")) throw new LayerError("a name of the layer has a NUL character");
  const parts: string[] = [];
  for (const part of path.split("/")) {
    if (part === "" || part === ".") continue;
    if (part !== "..") parts.push(part);
    else if (parts.pop() === undefined) throw new LayerError(`"${path.slice(0, 200)}" leads out of the layer`);
  }
  return parts;
}

/** The files of an image while its layers are applied, lowest first. */
export class ImageTree {
  #disk: DirNode | undefined;
  #layer = 0;
  #nodes = 0;
  #names = 0;
  #contents = 0;
  #steps = 0;

  /** What follows lies over what was there. */
  beginLayer(): void {
    this.#layer++;
  }

  /** A directory; an existing one is kept with what is in it. */
  directory(path: string): void {
    const place = this.#place(path);
    if (place === undefined) return;
    const { parent, name } = place;
    const old = this.#child(parent, name);
    if (old?.kind === "dir") old.layer = this.#layer;
    else this.#set(parent, name, { kind: "dir", layer: this.#layer, children: new Map() });
  }

  /** A regular file: the content it is to be stored as, or undefined when it is not kept. */
  file(path: string, size: number): Content | undefined {
    const place = this.#place(path);
    if (place === undefined || this.#whiteout(place.parent, place.name)) return;
    const content = { id: this.#contents++, size };
    this.#set(place.parent, place.name, { kind: "file", layer: this.#layer, content });
    return content;
  }

  /** A symbolic link. */
  symlink(path: string, target: string): void {
    const place = this.#place(path);
    if (place === undefined) return;
    if (target.length > MAX_PATH) throw new LayerError(`a symbolic link has ${target.length} characters`);
    this.#names += target.length;
    this.#set(place.parent, place.name, { kind: "link", layer: this.#layer, target });
  }

  /**
   * Another name for a file that is already there, in this layer or a lower one.
   * @throws {LayerError} when there is none, or it is not below /disk
   */
  hardLink(path: string, target: string): void {
    const place = this.#place(path);
    if (place === undefined) return;
    const at = this.#place(target);
    const node = at === undefined ? undefined : this.#child(at.parent, at.name);
    if (node === undefined || node.kind === "dir") {
      const why = at === undefined ? `which is not below /${DISK}` : "which is no file of the image";
      throw new LayerError(`hard link "${path.slice(0, 200)}" leads to "${target.slice(0, 200)}", ${why}`);
    }
    this.#set(place.parent, place.name, { ...node, layer: this.#layer });
  }

  /** A device, fifo or the like: never served, but it hides what was there. */
  special(path: string): void {
    const place = this.#place(path);
    if (place !== undefined) this.#remove(place.parent, place.name);
  }

  /** Whether there is a directory /disk. */
  get hasDisk(): boolean {
    return this.#disk !== undefined;
  }

  /** All files and links. */
  index(): FileIndex {
    const files: [string, number, number][] = [];
    const links: [string, string][] = [];
    const visit = (dir: DirNode, prefix: string) => {
      for (const [name, node] of dir.children) {
        const path = prefix + name;
        if (node.kind === "file") files.push([path, node.content.id, node.content.size]);
        else if (node.kind === "link") links.push([path, node.target]);
        else visit(node, path + "/");
      }
    };
    if (this.#disk !== undefined) visit(this.#disk, "");
    return { files, links };
  }

  /** The directory that holds the path's last part, made where it is missing; undefined: not below /disk. */
  #place(path: string): { parent: DirNode | undefined; name: string } | undefined {
    const parts = splitPath(path);
    const name = parts.pop();
    if (name === undefined) return;
    // Whiteouts in the image's root concern /disk itself.
    if (parts.length === 0) {
      return name === DISK || name === WHITEOUT + DISK || name === OPAQUE ? { parent: undefined, name } : undefined;
    }
    const parent = this.#walk(parts, path);
    return parent === undefined ? undefined : { parent, name };
  }

  /** Follows directories and links from the image's root; undefined when that leads out of /disk. */
  #walk(parts: string[], path: string): DirNode | undefined {
    const todo = parts.reverse();
    const stack: DirNode[] = [];
    let hops = 0;
    for (let part = todo.pop(); part !== undefined; part = todo.pop()) {
      this.#step();
      if (part === "" || part === ".") continue;
      if (part === "..") {
        stack.pop();
        continue;
      }
      const parent = stack.at(-1);
      if (parent === undefined && part !== DISK) return;
      const node = this.#child(parent, part);
      if (node?.kind === "link") {
        if (++hops > MAX_LINKS) throw new LayerError(`"${path.slice(0, 200)}" goes through a loop of links`);
        if (node.target.startsWith("/")) stack.length = 0;
        todo.push(...node.target.split("/").reverse());
      } else if (node?.kind === "file") {
        throw new LayerError(`"${path.slice(0, 200)}" lies below a file`);
      } else stack.push(node ?? this.#set(parent, part, { kind: "dir", layer: this.#layer, children: new Map() }));
    }
    return stack.at(-1);
  }

  #child(parent: DirNode | undefined, name: string): Node | undefined {
    if (parent !== undefined) return parent.children.get(name);
    return name === DISK ? this.#disk : undefined;
  }

  #set<N extends Node>(parent: DirNode | undefined, name: string, node: N): N {
    this.#names += name.length;
    if (++this.#nodes > MAX_NODES || this.#names > MAX_NAMES) {
      throw new TooLargeError(`the image has more than ${MAX_NODES} files, or too many long names`);
    }
    if (parent !== undefined) parent.children.set(name, node);
    else this.#disk = node.kind === "dir" ? node : undefined;
    return node;
  }

  #remove(parent: DirNode | undefined, name: string): void {
    if (parent === undefined) this.#disk = undefined;
    else parent.children.delete(name);
  }

  /** Acts on a whiteout: they hide what lower layers put there, never what this layer does, whatever the order. */
  #whiteout(parent: DirNode | undefined, name: string): boolean {
    if (!name.startsWith(WHITEOUT)) return false;
    if (name === OPAQUE) {
      if (parent === undefined) this.#prune(parent, DISK);
      else for (const child of [...parent.children.keys()]) this.#prune(parent, child);
    } else if (!name.startsWith(WHITEOUT + WHITEOUT)) this.#prune(parent, name.slice(WHITEOUT.length));
    return true;
  }

  #step(): void {
    if (++this.#steps > MAX_STEPS) throw new TooLargeError("the layers take too many steps to put together");
  }

  #prune(parent: DirNode | undefined, name: string): void {
    this.#step();
    const node = this.#child(parent, name);
    if (node === undefined) return;
    if (node.kind === "dir") { for (const child of [...node.children.keys()]) this.#prune(node, child); }
    const kept = node.layer === this.#layer || (node.kind === "dir" && node.children.size > 0);
    if (!kept) this.#remove(parent, name);
  }
}
