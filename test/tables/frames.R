# Writes every data frame of the two R packages that lie unpacked in FOLDER by write.csv, as it is:
# Rscript frames.R FOLDER
folder <- commandArgs(trailingOnly = TRUE)[1]
for (package in c("mlbench", "modeldata")) {
  library_path <- file.path(folder, paste0("r-cran-", package), "usr/lib/R/site-library")
  items <- data(package = package, lib.loc = library_path)$results[, "Item"]
  frames <- new.env()
  # "bivariate_test (bivariate)" is in the set of that name
  for (set in unique(sub("^.*\\((.*)\\)$|^(\\S+)$", "\\1\\2", items))) {
    data(list = set, package = package, lib.loc = library_path, envir = frames)
  }
  for (name in ls(frames)) {
    if (!is.data.frame(frames[[name]])) next
    target <- file.path(folder, "csv", paste0(package, "_", name, ".csv"))
    write.csv(as.data.frame(frames[[name]]), target, row.names = FALSE)
  }
}
