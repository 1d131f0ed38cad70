# Writes data frames of R packages that lie unpacked in LIBRARY as CSV files, missing cells empty:
# Rscript export.R LIBRARY FOLDER PACKAGE/ITEM...
arguments <- commandArgs(trailingOnly = TRUE)
for (name in arguments[-(1:2)]) {
  parts <- strsplit(name, "/")[[1]]
  frames <- new.env()
  data(list = parts[2], package = parts[1], lib.loc = arguments[1], envir = frames)
  target <- file.path(arguments[2], paste0(parts[1], "_", parts[2], ".csv"))
  write.csv(as.data.frame(frames[[parts[2]]]), target, row.names = FALSE, na = "")
}
