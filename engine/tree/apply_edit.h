// ApplyEditTo: ApplyEdit in place, for the reader of a manifest, which applies many edits to one
// tree.
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "engine/status.h"
#include "engine/tree/manifest.h"

namespace varve {

// As ApplyEdit. After an error the tree is in an unspecified state.
Status ApplyEditTo(const TreeEdit& edit, Tree* tree);

}  // namespace varve
