import { randomBytes } from "node:crypto";
import { closeSync, fsyncSync, openSync, rmSync, statfsSync, statSync, writeSync } from "node:fs";
import { join } from "node:path";

/** How much room the disk has that a folder is on; null when that cannot be told. */
export interface DiskRoom {
  freeBytes: number;
  totalBytes: number;
}

export function roomIn(folder: string): DiskRoom | null {
  try {
    const { bavail, blocks, bsize } = statfsSync(folder);
    return { freeBytes: bavail * bsize, totalBytes: blocks * bsize };
  } catch {
    return null;
  }
}

/** Room for the journals of some hundred exits and cancels. */
const RESERVE_BYTES = 4 * 1024 * 1024;
/** With less than this free a write of the journal may fail. */
const FULL_BELOW_BYTES = 1024 * 1024;
const CHUNK_BYTES = 256 * 1024;

/**
 * A file that holds room on the disk which the journals are on. When the disk is full it is given up,
 * so that an exit or a cancel can still be written down before it leaves.
 */
export interface DiskReserve {
  /** Takes the room, or takes it again, where there is plenty; says whether it is held. */
  keep(): boolean;
  /** Gives the room up where the disk is full. */
  giveUpWhenFull(): void;
  /** Gives it up at once; false when there was none to give. */
  giveUp(): boolean;
}

/** @param onGivenUp called once each time, so that the owner hears of it */
export function diskReserve(folder: string, onGivenUp: () => void): DiskReserve {
  const path = join(folder, "disk-reserve.bin");
  const isHeld = (): boolean => sizeOf(path) >= RESERVE_BYTES;
  const giveUp = (): boolean => {
    if (sizeOf(path) === 0) return false;
    try {
      rmSync(path, { force: true });
    } catch {
      return false;
    }
    onGivenUp();
    return true;
  };
  return {
    keep() {
      if (isHeld()) return true;
      const room = roomIn(folder);
      if (room === null || room.freeBytes < 2 * RESERVE_BYTES) return false;
      return fill(path);
    },
    giveUpWhenFull() {
      const room = roomIn(folder);
      if (room !== null && room.freeBytes < FULL_BELOW_BYTES) giveUp();
    },
    giveUp,
  };
}

function sizeOf(path: string): number {
  try {
    return statSync(path).size;
  } catch {
    return 0;
  }
}

/** Random bytes: a file system that compresses would keep no room for zeros. */
function fill(path: string): boolean {
  try {
    const file = openSync(path, "w", 0o600);
    try {
      for (let written = 0; written < RESERVE_BYTES; written += CHUNK_BYTES) {
        writeSync(file, randomBytes(CHUNK_BYTES));
      }
      fsyncSync(file);
    } finally {
      closeSync(file);
    }
    return true;
  } catch {
    rmSync(path, { force: true });
    return false;
  }
}
