variable "name" {
  type        = string
  default     = "batchplane"
  description = "The stack's name, which separates this control plane from others."

  validation {
    condition     = can(regex("^[A-Za-z][A-Za-z0-9-]{0,47}$", var.name))
    error_message = "A letter, then letters, digits and -, at most 48 in all."
  }
}

variable "template_file" {
  type        = string
  description = "The template that sam package wrote."
}

variable "bucket" {
  type        = string
  description = "The bucket of S3 in this Region that holds the functions, and will hold the template."
}

variable "key_prefix" {
  type        = string
  default     = "batchplane/"
  description = "What the template's key in the bucket begins with."
}

variable "parameters" {
  type        = map(string)
  default     = {}
  description = "Parameters of the template, such as AlertEmail; lists are texts with commas."
}

variable "tags" {
  type        = map(string)
  default     = {}
  description = "Tags of the stack and of what is in it."
}
