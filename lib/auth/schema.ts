import { z } from "zod";

/** What forms and services of accounts take. Pure: browsers use the same schemas. */

export const emailSchema = z
  .email("email must be an e-mail address")
  .max(254, "email must have at most 254 characters")
  .transform((email) => email.toLowerCase());

export const businessNameSchema = z
  .string("name must be text")
  .trim()
  .min(1, "name must not be empty")
  .max(100, "name must have at most 100 characters");

export const passwordSchema = z
  .string()
  .min(10, "password must have at least 10 characters")
  .max(200, "password must have at most 200 characters");

export const loginSchema = z.object({
  email: z.string().trim().min(1, "Enter your e-mail address"),
  password: z.string().min(1, "Enter your password"),
});

export const registerSchema = z.object({ name: businessNameSchema, email: emailSchema, password: passwordSchema });

export const changePasswordSchema = z.object({
  password: z.string().min(1, "Enter your present password"),
  newPassword: passwordSchema,
});

export const resetPasswordSchema = z.object({ email: emailSchema, password: passwordSchema.optional() });
