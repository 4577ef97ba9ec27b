//! Networks in OpenVINO's format: layers as XML (IR, version 11), and their values.

use std::fmt::Write;

use tch::{Device, Kind, Tensor};

use crate::{ModelError, tensor_file::bytes};

/// A network for OpenVINO.
#[derive(Clone, Debug)]
pub struct Graph {
    pub xml: String,
    /// The values of its constants.
    pub values: Vec<u8>,
}

/// The output of a layer.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Node {
    layer: usize,
    port: usize,
}

/// A graph being built.
#[derive(Debug, Default)]
pub(crate) struct Draft {
    layers: String,
    edges: String,
    values: Vec<u8>,
    count: usize,
}

impl Draft {
    /// The input: pictures `[N, 3, side, side]` for any N.
    pub fn pictures(&mut self, side: u32) -> Node {
        self.layer("Parameter", &format!(r#"shape="?,3,{side},{side}" element_type="f32""#), &[])
    }

    /// A constant in f32.
    pub fn constant(&mut self, tensor: &Tensor) -> Result<Node, ModelError> {
        let tensor = tensor.f_to_device(Device::Cpu)?.f_to_kind(Kind::Float)?;
        self.values_of(&tensor, "f32")
    }

    /// Indices of axes.
    pub fn axes(&mut self, axes: &[i64]) -> Result<Node, ModelError> {
        self.values_of(&Tensor::f_from_slice(axes)?, "i64")
    }

    fn values_of(&mut self, tensor: &Tensor, kind: &str) -> Result<Node, ModelError> {
        let (values, _) = bytes(tensor)?;
        let shape: Vec<String> = tensor.size().iter().map(i64::to_string).collect();
        let (shape, offset, size) = (shape.join(","), self.values.len(), values.len());
        self.values.extend(values);
        let data = format!(r#"element_type="{kind}" shape="{shape}" offset="{offset}" size="{size}""#);
        Ok(self.layer("Const", &data, &[]))
    }

    /// A layer of this type with these attributes and inputs.
    pub fn layer(&mut self, kind: &str, data: &str, inputs: &[Node]) -> Node {
        let node = Node { layer: self.count, port: inputs.len() };
        self.count += 1;
        let port = |port: usize| format!(r#"<port id="{port}" precision="FP32"/>"#);
        let taken: String = (0..inputs.len()).map(port).collect();
        let given = if kind == "Result" { String::new() } else { format!("<output>{}</output>", port(node.port)) };
        // Writing to a string does not fail.
        let _ = writeln!(
            self.layers,
            r#"<layer id="{0}" name="{kind}{0}" type="{kind}" version="opset1"><data {data}/><input>{taken}</input>{given}</layer>"#,
            node.layer,
        );
        for (to, from) in inputs.iter().enumerate() {
            let _ = writeln!(
                self.edges,
                r#"<edge from-layer="{}" from-port="{}" to-layer="{}" to-port="{to}"/>"#,
                from.layer, from.port, node.layer
            );
        }
        node
    }

    /// The sum of two.
    pub fn sum(&mut self, a: Node, b: Node) -> Node {
        self.layer("Add", r#"auto_broadcast="numpy""#, &[a, b])
    }

    pub fn relu(&mut self, x: Node) -> Node {
        self.layer("ReLU", "", &[x])
    }

    /// `x` times `weight`ᵀ, and `bias`.
    pub fn linear(&mut self, x: Node, weight: &Tensor, bias: &Tensor) -> Result<Node, ModelError> {
        let (weight, bias) = (self.constant(weight)?, self.constant(&bias.f_unsqueeze(0)?)?);
        let product = self.layer("MatMul", r#"transpose_a="false" transpose_b="true""#, &[x, weight]);
        Ok(self.sum(product, bias))
    }

    /// Ends the graph with its result.
    pub fn end(mut self, result: Node) -> Graph {
        self.layer("Result", "", &[result]);
        let Self { layers, edges, values, .. } = self;
        let xml = format!(
            "<?xml version=\"1.0\"?>\n<net name=\"pose\" version=\"11\">\n<layers>\n{layers}</layers>\n<edges>\n{edges}</edges>\n</net>\n"
        );
        Graph { xml, values }
    }
}
