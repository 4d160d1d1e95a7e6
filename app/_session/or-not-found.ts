import { notFound } from "next/navigation";
import { AppError } from "@/lib/errors";

/** Waits for what a service gives; what it does not find (another merchant's and the other mode's included) is a page not found. */
export async function orNotFound<T>(result: Promise<T>): Promise<T> {
  try {
    return await result;
  } catch (error) {
    if (error instanceof AppError && error.code === "not_found") notFound();
    throw error;
  }
}
